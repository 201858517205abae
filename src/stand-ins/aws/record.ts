/** One request as the stand-in saw it, without secrets. */
export interface LogEntry {
  /** ms since the epoch, by the stand-in's clock. */
  readonly at: number;
  /** `sts:AssumeRole`. */
  readonly operation: string;
  readonly accessKeyId: string | undefined;
  /** ARN of the caller, once the signature was found good. */
  readonly principal: string | undefined;
  readonly parameters: Readonly<Record<string, string>> | undefined;
  /** 0 = the connection was cut. */
  readonly status: number;
  /** AWS's error code. */
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
