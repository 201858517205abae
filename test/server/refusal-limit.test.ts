import { expect, test } from 'vitest';

import { createRefusalLimit } from '../../src/server/refusal-limit.ts';
import { fakeClock } from '../support/fake-clock.ts';

const count = (times: number, ask: () => unknown): number =>
  Array.from({ length: times }, ask).filter(Boolean).length;

test('a burst is answered in full, then so many a second, and never more than the burst', async () => {
  const clock = fakeClock();
  const { answer } = createRefusalLimit(() => clock.monotonic());
  expect(count(5000, answer)).toBe(1000);
  await clock.advance(1000);
  expect(count(5000, answer)).toBe(200);
  await clock.advance(3_600_000);
  expect(count(5000, answer)).toBe(1000);
});

test('reports are few, and say how many were left out', async () => {
  const clock = fakeClock();
  const { report } = createRefusalLimit(() => clock.monotonic());
  expect(count(100, report)).toBe(20);
  await clock.advance(200);
  expect(report()).toEqual({ unreported: 80 });
  await clock.advance(200);
  expect(report()).toEqual({ unreported: 0 });
});

test('a wall clock that is set changes nothing', () => {
  const clock = fakeClock();
  const { answer } = createRefusalLimit(() => clock.monotonic());
  count(1000, answer);
  clock.step(3_600_000);
  expect(answer()).toBe(false);
});
