/** One request as the stand-in saw it, without secrets. */
export interface LogEntry {
  /** ms since the epoch, by the stand-in's clock. */
  readonly at: number;
  /** `oauth2:jwt-bearer`, `storage:objects.list`. */
  readonly operation: string;
  /** E-mail or principal URI, once it is proven: whom the token made or shown speaks for. */
  readonly principal: string | undefined;
  /** What the call asked for: scopes wanted, or those of the bearer. */
  readonly scopes: readonly string[] | undefined;
  /** What the call was about: an e-mail, an audience, a bucket or an object. */
  readonly target: string | undefined;
  /** 0 = the connection was cut. */
  readonly status: number;
  /** `invalid_grant`, `PERMISSION_DENIED`, … */
  readonly code: string | undefined;
}

/** How often each operation was asked for; a request that met a fault counts too. */
export interface Calls {
  count(operation: string): number;
  all(): Readonly<Record<string, number>>;
  reset(): void;
}

export function createRecord(): {
  readonly calls: Calls;
  readonly log: readonly LogEntry[];
  arrived(operation: string): void;
  answered(entry: LogEntry): void;
} {
  const counters = new Map<string, number>();
  const log: LogEntry[] = [];
  return {
    calls: {
      count: (operation) => counters.get(operation) ?? 0,
      all: () => Object.fromEntries(counters),
      reset: () => counters.clear(),
    },
    log,
    arrived(operation) {
      counters.set(operation, (counters.get(operation) ?? 0) + 1);
    },
    answered(entry) {
      log.push(entry);
    },
  };
}
