/*
 * When a credential is renewed, and when it must no longer be served. Pure. All times in ms.
 *
 * The figures come from what clients do (refresh windows): botocore and .NET fetch again on every
 * signed request once less than 15 minutes are left, so a credential is renewed well before that.
 */

export interface RenewalPolicy {
  /** Renew when less than this is left … */
  readonly floorMs: number;
  /** … or less than this part of the whole lifetime, whichever comes first. */
  readonly fraction: number;
  /** The renewal is brought forward by up to this part of the wait, so that many do not meet. */
  readonly jitter: number;
  /** The shortest lifetime with any time at all between issue and renewal. */
  readonly shortestMs: number;
  /** A key is not renewed more often than this, or than three times in a lifetime. */
  readonly restMs: number;
}

const MINUTE_MS = 60_000;

export const RENEWAL: RenewalPolicy = {
  floorMs: 25 * MINUTE_MS,
  fraction: 1 / 3,
  jitter: 0.1,
  shortestMs: 30 * MINUTE_MS,
  restMs: MINUTE_MS,
};

/** ms after issue at which to renew a credential that lives `lifeMs`; `random` is in [0, 1). */
export function renewAfter(lifeMs: number, random: number, policy: RenewalPolicy): number {
  const wait = lifeMs - Math.max(policy.floorMs, lifeMs * policy.fraction);
  return Math.max(0, wait * (1 - policy.jitter * random));
}

/** Why a lifetime (seconds) cannot be kept renewed in time, or `undefined` when it can. */
export function tooShort(seconds: number, policy: RenewalPolicy): string | undefined {
  const shortest = policy.shortestMs / 1000;
  if (seconds >= shortest) return undefined;
  return (
    `${seconds} s is less than ${shortest} s: clients ask again on every request ` +
    `once less than 15 minutes are left, so valetkey renews when ${policy.floorMs / MINUTE_MS} minutes are left`
  );
}

const BACKOFF = { baseMs: 1_000, capMs: 60_000, floorMs: 250, permanentMs: 60_000, heldMs: 10_000 };

/**
 * ms until a failing key is tried again: exponential with full jitter for what may pass by itself,
 * a fixed minute for what a person must mend. `attempt` counts from 0, `random` is in [0, 1). While
 * something is held that lives `leftMs` more, there is no hurry.
 */
export function retryAfter(
  retry: 'no' | 'backoff',
  attempt: number,
  random: number,
  leftMs = 0,
): number {
  if (retry === 'no') return BACKOFF.permanentMs;
  const ceiling = Math.min(BACKOFF.capMs, BACKOFF.baseMs * 2 ** Math.min(attempt, 10));
  return Math.max(BACKOFF.floorMs, Math.min(leftMs, BACKOFF.heldMs), ceiling * random);
}
