import type { Clock } from '../../../src/core/clock.ts';
import type { FakeClock } from '../../support/fake-clock.ts';

export interface PassingClock extends Clock {
  /** What was slept, ms, in order. */
  readonly slept: readonly number[];
}

/** A fake clock on which time passes whenever somebody sleeps, and `meanwhile` happens then. */
export function passingClock(
  clock: FakeClock,
  meanwhile = (_turn: number): void => {},
): PassingClock {
  const slept: number[] = [];
  return {
    slept,
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    async sleep(ms, signal) {
      slept.push(ms);
      meanwhile(slept.length);
      signal?.throwIfAborted();
      await clock.advance(ms);
    },
  };
}
