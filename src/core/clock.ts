import { setTimeout as delay } from 'node:timers/promises';

/**
 * Time, handed in. `now()` is the wall clock (ms since the epoch; may step), `monotonic()` counts ms
 * from an arbitrary start and never steps back. On Linux and macOS the monotonic clock stands still
 * while a machine sleeps, so a difference between the two shows a step, a suspend or a resume.
 */
export interface Clock {
  now(): number;
  monotonic(): number;
  /** Resolves after `ms` on the monotonic clock; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. A sleep keeps the process alive: abort it to end early. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  },
};
