/*
 * Which faults hit which requests: the same for every stand-in; what a fault is, each says itself.
 */

export interface FaultRule<Fault> {
  /** `sts:AssumeRole`, `sts:*` or `*`. */
  readonly operation: string;
  readonly fault: Fault;
  /** How many requests it hits; until removed when absent. */
  readonly times?: number;
}

export interface Faults<Fault> {
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
export type Line = Pick<Faults<never>, 'down' | 'up'>;

/** `next` takes the fault for one request, and counts it against the rule's `times`. */
export function createFaults<Fault>(
  initial: readonly FaultRule<Fault>[],
  line: Line,
): Faults<Fault> & { next(operation: string): Fault | undefined } {
  let rules: { rule: FaultRule<Fault>; left: number }[] = [];
  const add: Faults<Fault>['add'] = (operation, fault, times) => {
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
