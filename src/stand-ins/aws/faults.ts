/** What can go wrong on the way, instead of or around the normal answer. */
export type Fault =
  /** The connection is reset after the request was read. */
  | { readonly kind: 'reset' }
  /** No answer until the client gives up or the stand-in stops. */
  | { readonly kind: 'hang' }
  /** The normal answer, later. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** "Too many requests", in the service's own words. */
  | { readonly kind: 'throttle' }
  /** An error in the service's own shape. */
  | { readonly kind: 'error'; readonly status: number; readonly code: string }
  /** 200 and a body that is no protocol at all, as from a captive portal. */
  | { readonly kind: 'garbage' }
  /** AWS's clock and the caller's differ: the request is judged, and dated, by a clock this far off. */
  | { readonly kind: 'clock-skew'; readonly milliseconds: number };

export interface FaultRule {
  /** `sts:AssumeRole`, `sts:*` or `*`. */
  readonly operation: string;
  readonly fault: Fault;
  /** How many requests it hits; until removed when absent. */
  readonly times?: number;
}

export interface Faults {
  /** The newest rule that fits wins. Returns what removes it. */
  add(operation: string, fault: Fault, times?: number): () => void;
  /** Removes every rule. */
  clear(): void;
  /** Closes the port: connections are refused, open ones reset. */
  down(): Promise<void>;
  /** Opens the same port again. */
  up(): Promise<void>;
}

/** What the socket can do; given by the server. */
export type Line = Pick<Faults, 'down' | 'up'>;

/** `next` takes the fault for one request, and counts it against the rule's `times`. */
export function createFaults(
  initial: readonly FaultRule[],
  line: Line,
): Faults & { next(operation: string): Fault | undefined } {
  let rules: { rule: FaultRule; left: number }[] = [];
  const add: Faults['add'] = (operation, fault, times) => {
    const entry = { rule: { operation, fault }, left: times ?? Number.POSITIVE_INFINITY };
    rules.unshift(entry);
    return () => {
      rules = rules.filter((other) => other !== entry);
    };
  };
  for (const rule of initial) add(rule.operation, rule.fault, rule.times);
  return {
    add,
    clear() {
      rules = [];
    },
    ...line,
    next(operation) {
      const entry = rules.find(({ rule, left }) => left > 0 && fits(rule.operation, operation));
      if (entry === undefined) return undefined;
      entry.left -= 1;
      return entry.rule.fault;
    },
  };
}

function fits(pattern: string, operation: string): boolean {
  if (pattern === '*' || pattern === operation) return true;
  return pattern.endsWith(':*') && operation.startsWith(pattern.slice(0, -1));
}
