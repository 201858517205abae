import type { Clock } from '../../src/core/clock.ts';

export interface FakeClock extends Clock {
  /** Both clocks go on by `ms`; sleeps that end by then resolve, in order. */
  advance(ms: number): Promise<void>;
  /** The wall clock alone is set, as a person or NTP would. */
  step(ms: number): void;
  /** The machine sleeps: the wall clock goes on, the monotonic one stands still. */
  suspend(ms: number): void;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that only moves when told, started at a real date. */
export function fakeClock(start = Date.parse('2026-11-02T09:00:00Z')): FakeClock {
  let wall = start;
  let monotonic = 1_000;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => wall,
    monotonic: () => monotonic,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason as Error);
          return;
        }
        const sleeper: Sleeper = {
          at: monotonic + ms,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        const onAbort = () => {
          sleepers.delete(sleeper);
          reject(signal?.reason as Error);
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        sleepers.add(sleeper);
      }),
    async advance(ms) {
      const end = monotonic + ms;
      for (;;) {
        const next = [...sleepers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        wall += next.at - monotonic;
        monotonic = next.at;
        next.wake();
        await settle();
      }
      wall += end - monotonic;
      monotonic = end;
      await settle();
    },
    step: (ms) => void (wall += ms),
    suspend: (ms) => void (wall += ms),
  };
}

/** Lets every promise that can go on go on: microtasks and one turn of the event loop. */
export async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
