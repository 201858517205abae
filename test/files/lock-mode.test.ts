import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { tryLock } from '../../src/files/write-lock.ts';
import { temporaryHome } from '../support/home.ts';

test('invariant 9: a neighbour cannot open the lock file, and so not hold the lock', async () => {
  const path = join(await temporaryHome(), 'write.lock');
  const release = await tryLock(path);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await tryLock(path)).toBeUndefined();
  release?.();
  const again = await tryLock(path);
  expect(again).toBeDefined();
  again?.();
});
