import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { expect, test } from 'vitest';

import ecs from './ecs.ts';
import imds from './imds.ts';
import podIdentity from './pod-identity.ts';

const TEST = resolve(import.meta.dirname, '..');

/** Rows of the AWS checklist (1 to 111) that are decided by other parts, and where those are tested. */
const ELSEWHERE: Readonly<Record<number, string>> = {
  7: 'faults/upstream.test.ts', // 15 minutes left, always
  12: 'faults/upstream.test.ts', // one upstream call
  18: 'workloads/access.test.ts', // overlap of rotated secrets
  32: 'faults/upstream.test.ts', // throttled, cached
  34: 'broker/broker.test.ts', // upstream down, cached
  108: 'daemon/leak.test.ts', // no secret in any output
};

test('every row of the checklist has a line somewhere', () => {
  const inVectors = [...ecs, ...imds, ...podIdentity].flatMap(({ row }) => row);
  const inTests = ['server', 'endpoints'].flatMap((folder) =>
    readdirSync(join(TEST, folder)).flatMap((file) =>
      [...readFileSync(join(TEST, folder, file), 'utf8').matchAll(/\brow:? (\d+)/g)].map(
        ([, row]) => Number(row),
      ),
    ),
  );
  const covered = new Set([...inVectors, ...inTests, ...Object.keys(ELSEWHERE).map(Number)]);
  const missing = Array.from({ length: 111 }, (_, index) => index + 1).filter(
    (row) => !covered.has(row),
  );
  expect(missing).toEqual([]);
  expect(Object.values(ELSEWHERE).filter((file) => !existsSync(join(TEST, file)))).toEqual([]);
});

test('a line that departs from the checklist says why', () => {
  const corrected = [...ecs, ...imds, ...podIdentity].flatMap((line) => line.corrected ?? []);
  expect(corrected).toHaveLength(2);
  for (const reason of corrected) expect(reason).toMatch(/^the row wants \d{3}; /);
});
