import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { systemClock } from '../../src/core/clock.ts';
import { ValetkeyError } from '../../src/core/errors.ts';
import { writeFileAtomically } from '../../src/files/atomic-write.ts';
import { readPrivateFile } from '../../src/files/private-file.ts';
import { createWriteLock, tryLock } from '../../src/files/write-lock.ts';
import { fakeClock, settle } from '../support/fake-clock.ts';

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'vk-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

describe('writeFileAtomically', () => {
  test('replaces whole, mode exactly as asked, nothing left beside it', async () => {
    const at = await folder();
    const path = join(at, 'deep/er/file');
    await writeFileAtomically(path, 'old');
    await writeFileAtomically(path, 'new', { mode: 0o640 });
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect((await stat(join(at, 'deep'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(at, 'deep/er'))).toEqual(['file']);
  });

  test('exclusive: one of many writers wins, the others are told', async () => {
    const path = join(await folder(), 'file');
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) =>
        writeFileAtomically(path, String(i), { exclusive: true }),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('a failed write leaves the old content and no part of the new', async () => {
    const at = await folder();
    const path = join(at, 'file');
    await mkdir(path); // a rename onto a folder fails at the last step
    await expect(writeFileAtomically(path, 'new')).rejects.toThrow();
    expect(await readdir(at)).toEqual(['file']);
  });
});

describe('readPrivateFile', () => {
  test.each([0o644, 0o640, 0o604, 0o660])('mode %o is refused', async (mode) => {
    const path = join(await folder(), 'key');
    await writeFile(path, 'secret');
    await chmod(path, mode);
    const refused = readPrivateFile(path);
    await expect(refused).rejects.toThrow(ValetkeyError);
    await expect(refused).rejects.toMatchObject({ code: 'UNSAFE_FILE', subject: path });
  });

  test.each([0o600, 0o400])('mode %o is read', async (mode) => {
    const path = join(await folder(), 'key');
    await writeFile(path, 'secret');
    await chmod(path, mode);
    expect(await readPrivateFile(path)).toBe('secret');
  });
});

describe('write lock', () => {
  test('one at a time, in this process too', async () => {
    const lock = createWriteLock(join(await folder(), 'lock'), systemClock);
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 20 }, () =>
        lock(async () => {
          inside += 1;
          most = Math.max(most, inside);
          await settle();
          inside -= 1;
        }),
      ),
    );
    expect(most).toBe(1);
  });

  test('waits ten seconds for another holder, then says BUSY; a failed turn does not block the next', async () => {
    const path = join(await folder(), 'lock');
    const release = await tryLock(path);
    const clock = fakeClock();
    const lock = createWriteLock(path, clock);
    const waiting = lock(async () => 'never');
    const told = expect(waiting).rejects.toMatchObject({ code: 'BUSY' });
    for (let i = 0; i < 11; i += 1) await clock.advance(1_000);
    await told;
    release?.();
    expect(await lock(async () => 'now')).toBe('now');
  });
});
