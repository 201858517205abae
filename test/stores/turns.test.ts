import { describe, expect, it } from 'vitest';

import { ValetkeyError } from '../../src/core/errors.ts';
import { createTurns } from '../../src/stores/secret-service/turns.ts';
import { fakeClock, settle } from '../support/fake-clock.ts';

const LIMIT_MS = 60_000;

function begin() {
  const clock = fakeClock();
  const turns = createTurns(clock, LIMIT_MS, () => new ValetkeyError('STORE_LOCKED'));
  const log: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const take = (name: string) => {
    const end = Promise.withResolvers<string>();
    ends.set(name, end);
    return turns.take(() => {
      log.push(name);
      return end.promise;
    });
  };
  return { clock, log, take, end: (name: string) => ends.get(name)?.resolve(name), turns };
}

describe('turns', () => {
  it('run one after the other, in the order of asking', async () => {
    const { log, take, end } = begin();
    const [first, second] = [take('first'), take('second')];
    await settle();
    expect(log).toEqual(['first']);
    end('first');
    expect(await first).toBe('first');
    await settle();
    expect(log).toEqual(['first', 'second']);
    end('second');
    expect(await second).toBe('second');
  });

  it('go on after one that failed', async () => {
    const { turns } = begin();
    const failed = turns.take(() => Promise.reject(new Error('refused')));
    await expect(failed).rejects.toThrow('refused');
    expect(await turns.take(async () => 'next')).toBe('next');
  });

  it('are over after the limit: who is running and who is waiting both hear of it', async () => {
    const { clock, log, take, end } = begin();
    const running = take('running');
    await clock.advance(LIMIT_MS / 2);
    const waiting = take('waiting');
    const outcomes = Promise.allSettled([running, waiting]);
    await clock.advance(LIMIT_MS / 2);
    await expect(running).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    await clock.advance(LIMIT_MS / 2);
    await expect(waiting).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    await outcomes;
    end('running');
    await settle();
    // What was reported as failed must not happen later.
    expect(log).toEqual(['running']);
  });

  it('never run side by side, not even with one that is overdue', async () => {
    const { clock, log, take, end } = begin();
    const overdue = take('overdue');
    const outcome = Promise.allSettled([overdue]);
    await clock.advance(LIMIT_MS);
    await outcome;
    const next = take('next');
    await settle();
    expect(log).toEqual(['overdue']);
    end('overdue');
    end('next');
    expect(await next).toBe('next');
  });
});
