import type { Clock } from '../../core/clock.ts';
import type { ValetkeyError } from '../../core/errors.ts';

export interface Turns {
  /** Runs `work` when all work before it has ended; rejects after the time limit at the latest. */
  take<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * One keychain operation at a time. Each holds one of Node's few threads for as long as a person
 * looks at an unlock prompt; four of them side by side would stop every file and DNS operation of
 * the process. Who has waited too long gets an error, and if its turn had not come it never runs.
 */
export function createTurns(clock: Clock, limitMs: number, overdue: () => ValetkeyError): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return {
    async take(work) {
      const given = new AbortController();
      const up = new AbortController();
      const turn = last.then(() => {
        up.signal.throwIfAborted();
        return work();
      });
      last = turn.catch(() => {});
      const limit = clock.sleep(limitMs, given.signal).then(() => {
        up.abort(overdue());
        throw up.signal.reason;
      });
      limit.catch(() => {});
      try {
        return await Promise.race([turn, limit]);
      } finally {
        given.abort();
      }
    },
  };
}
