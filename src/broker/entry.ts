import type { Clock } from '../core/clock.ts';
import { credentialId } from '../core/credential.ts';
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
  /** Monotonic: a client that does not want what is held gets a new one from then on. */
  replaceableAt: number;
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
    replaceableAt: 0,
    failure: undefined,
  };
}

/** Both clocks, read once: a request that is answered from memory asks several things of them. */
export interface Instant {
  readonly now: number;
  readonly monotonic: number;
}

export function instant(clock: Clock): Instant {
  return { now: clock.now(), monotonic: clock.monotonic() };
}

/**
 * ms of life left, 0 without a credential. Two clocks guard an entry: what the cloud said (wall clock,
 * sees a sleep) and how long it has been held (monotonic, sees a clock set back). Whichever ends
 * first ends it.
 */
export function remaining(entry: Entry, at: Instant): number {
  if (entry.issued === undefined) return 0;
  return Math.min(entry.issued.credential.expiresAt - at.now, entry.endsAt - at.monotonic);
}

/** Is it time, by either clock, and nothing under way or resting after a failure? */
export function dueForRenewal(entry: Entry, at: Instant): boolean {
  if (entry.flight !== undefined) return false;
  if (at.monotonic < Math.max(entry.restsUntil, entry.failure?.until ?? 0)) return false;
  return at.monotonic >= entry.renewAt || remaining(entry, at) < entry.endsAt - entry.renewAt;
}

const REPLACEMENT_REST_MS = 10_000;

/** May what is held be replaced because a client does not want it? Notes that it is, when it may. */
export function mayReplace(entry: Entry, at: Instant): boolean {
  const failing = entry.failure !== undefined && at.monotonic < entry.failure.until;
  if (entry.flight !== undefined || failing || at.monotonic < entry.replaceableAt) return false;
  entry.replaceableAt = at.monotonic + REPLACEMENT_REST_MS;
  return true;
}

/** Nothing live, nothing under way, and no failure that still answers for the next asker. */
export function isIdle(entry: Entry, at: Instant): boolean {
  const failing = entry.failure !== undefined && at.monotonic < entry.failure.until;
  return entry.flight === undefined && !failing && remaining(entry, at) <= 0;
}

/** The same credential once more: what a stored session and a metadata server give until they must not. */
export function isSame(held: Issued | undefined, issued: Issued): held is Issued {
  return (
    held !== undefined &&
    credentialId(held.credential) === credentialId(issued.credential) &&
    held.credential.expiresAt === issued.credential.expiresAt
  );
}
