import {
  access,
  lstat,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { createChallenges } from '../../src/workloads/challenges.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { temporaryHome } from '../support/home.ts';

const LISTENER = '127.0.0.1:40342';
const OWN = process.getuid?.() ?? 0;

const setup = async () => {
  const clock = fakeClock();
  const directory = join(await temporaryHome(), 'tokens');
  const challenges = createChallenges(directory, clock);
  onTestFinished(() => challenges.close());
  const write = () => challenges.write(LISTENER, OWN);
  const keyOf = (file: string) => readFile(file, 'utf8');
  const gone = (file: string) => expect.poll(() => exists(file)).toBe(false);
  return { clock, directory, challenges, write, keyOf, gone };
};

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

describe('a challenge file', () => {
  test('is what clients of Azure Arc take: a short .key file without a line end, for one user alone', async () => {
    const { directory, write, keyOf } = await setup();
    const file = await write();
    expect(dirname(file)).toBe(directory);
    expect(basename(file)).toMatch(/^[0-9a-f-]{36}\.key$/);
    expect(file).not.toMatch(/[="\s]/);
    const { mode, uid, size } = await stat(file);
    expect(mode & 0o777).toBe(0o600);
    expect(uid).toBe(OWN);
    expect(size).toBeLessThanOrEqual(4096);
    expect(await keyOf(file)).toMatch(/^[\w-]{43}$/);
  });

  test('has a name and a content that are never used twice', async () => {
    const { write, keyOf } = await setup();
    const files = await Promise.all(Array.from({ length: 20 }, write));
    const keys = await Promise.all(files.map(keyOf));
    expect(new Set([...files, ...keys]).size).toBe(40);
  });

  test('proves its user at its listener, once; then it is gone', async () => {
    const { challenges, write, keyOf, gone } = await setup();
    const file = await write();
    const key = await keyOf(file);
    expect(challenges.take(key)).toEqual({ listener: LISTENER, uid: OWN });
    expect(challenges.take(key)).toBeUndefined();
    await gone(file);
  });

  test('proves nothing by another content', async () => {
    const { challenges, write, keyOf } = await setup();
    const key = await keyOf(await write());
    for (const wrong of ['', 'x', `${key}\n`, `${key}x`, key.slice(0, -1), key.toUpperCase()]) {
      expect(challenges.take(wrong)).toBeUndefined();
    }
    expect(challenges.take(key)).toBeDefined();
  });

  test('20 at once prove each for itself, in any order', async () => {
    const { challenges, write, keyOf } = await setup();
    const files = await Promise.all(Array.from({ length: 20 }, write));
    const keys = await Promise.all(files.toReversed().map(keyOf));
    for (const key of keys) expect(challenges.take(key)).toBeDefined();
  });

  test('is removed after a minute though nobody asks any more, and proves nothing', async () => {
    const { clock, challenges, write, keyOf, gone } = await setup();
    const file = await write();
    const key = await keyOf(file);
    await clock.advance(59_999);
    expect(await exists(file)).toBe(true);
    await clock.advance(1);
    await gone(file);
    expect(challenges.take(key)).toBeUndefined();
  });

  test('does not stay when the daemon ends', async () => {
    const { directory, challenges, write } = await setup();
    await Promise.all([write(), write()]);
    await challenges.close();
    expect(await readdir(directory)).toEqual([]);
  });

  test('there are never more than 64: the oldest goes', async () => {
    const { directory, challenges, write, keyOf, gone } = await setup();
    const first = await write();
    const key = await keyOf(first);
    for (let i = 0; i < 64; i += 1) await write();
    await gone(first);
    expect(challenges.take(key)).toBeUndefined();
    expect((await readdir(directory)).length).toBe(64);
  });

  test('nor are there when hundreds ask at once, and 64 that are open are good', async () => {
    const { directory, challenges, write, keyOf } = await setup();
    await Promise.all(Array.from({ length: 300 }, write));
    await expect.poll(async () => (await readdir(directory)).length).toBe(64);
    const names = await readdir(directory);
    const keys = await Promise.all(names.map((name) => keyOf(join(directory, name))));
    for (const key of keys) expect(challenges.take(key)).toBeDefined();
  });

  test('that is the newest of many is looked for by one timer', async () => {
    const { clock, write } = await setup();
    let sleeping = 0;
    const { sleep } = clock;
    clock.sleep = (ms, signal) => {
      sleeping += 1;
      return sleep(ms, signal).finally(() => (sleeping -= 1));
    };
    for (let i = 0; i < 100; i += 1) await write();
    expect(sleeping).toBe(1);
  });

  test('that somebody has put a link in the place of: what it leads to is left alone', async () => {
    const { directory, challenges, write, keyOf, gone } = await setup();
    const file = await write();
    const key = await keyOf(file);
    const precious = join(dirname(directory), 'precious');
    await writeFile(precious, 'mine');
    await rm(file);
    await symlink(precious, file);
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
    expect(challenges.take('mine')).toBeUndefined();
    expect(challenges.take(key)).toBeDefined();
    await gone(file);
    expect(await readFile(precious, 'utf8')).toBe('mine');
  });

  test('that cannot be written: the folder is named, and nothing is left', async () => {
    const clock = fakeClock();
    const home = await temporaryHome();
    const occupied = join(home, 'file');
    await writeFile(occupied, '');
    const challenges = createChallenges(join(occupied, 'tokens'), clock);
    await expect(challenges.write(LISTENER, OWN)).rejects.toMatchObject({
      code: 'UNSAFE_FILE',
      subject: join(occupied, 'tokens'),
    });
  });

  test.skipIf(OWN === 0)('for another user, when we may not give it away: none', async () => {
    const { directory, challenges } = await setup();
    await mkdir(directory);
    await expect(challenges.write(LISTENER, OWN + 1)).rejects.toMatchObject({
      code: 'UNSAFE_FILE',
    });
    expect(await readdir(directory)).toEqual([]);
  });

  test.runIf(OWN === 0)('for another user, by root: that user’s alone', async () => {
    const { challenges } = await setup();
    const file = await challenges.write(LISTENER, 65_534);
    expect(await stat(file)).toMatchObject({ uid: 65_534 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });
});
