import type { Clock } from '../core/clock.ts';
import type { Issued, IssueRequest } from '../core/credential.ts';
import type { ValetkeyError } from '../core/errors.ts';

/** One key of the cache: what is held for it, and what is under way. */
export interface Entry {
  readonly request: IssueRequest;
  issued: Issued | undefined;
  /** Monotonic: when `issued` was obtained, is to be renewed, and has run out. */
  obtainedAt: number;
  renewAt: number;
  endsAt: number;
  /** Monotonic: when somebody last asked. */
  askedAt: number;
  flight: Promise<Issued> | undefined;
  /** Monotonic: a source that gave no more life than before is left alone until then. */
  restsUntil: number;
  failure:
    | { readonly error: ValetkeyError; readonly until: number; readonly attempt: number }
    | undefined;
}

export function newEntry(request: IssueRequest): Entry {
  return {
    request,
    issued: undefined,
    obtainedAt: 0,
    renewAt: 0,
    endsAt: 0,
    askedAt: 0,
    flight: undefined,
    restsUntil: 0,
    failure: undefined,
  };
}

/**
 * ms of life left, 0 without a credential. Two clocks guard an entry: what the cloud said (wall clock,
 * sees a sleep) and how long it has been held (monotonic, sees a clock set back). Whichever ends
 * first ends it.
 */
export function remaining(entry: Entry, clock: Clock): number {
  if (entry.issued === undefined) return 0;
  return Math.min(
    entry.issued.credential.expiresAt - clock.now(),
    entry.endsAt - clock.monotonic(),
  );
}

/** Is it time, by either clock, and nothing under way or resting after a failure? */
export function dueForRenewal(entry: Entry, clock: Clock): boolean {
  if (entry.flight !== undefined) return false;
  const monotonic = clock.monotonic();
  if (monotonic < Math.max(entry.restsUntil, entry.failure?.until ?? 0)) return false;
  return monotonic >= entry.renewAt || remaining(entry, clock) < entry.endsAt - entry.renewAt;
}

/** Nothing live, nothing under way, and no failure that still answers for the next asker. */
export function isIdle(entry: Entry, clock: Clock): boolean {
  const failing = entry.failure !== undefined && clock.monotonic() < entry.failure.until;
  return entry.flight === undefined && !failing && remaining(entry, clock) <= 0;
}
