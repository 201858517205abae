import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { generateIdentity } from 'age-encryption';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { SecretId } from '../../src/core/ids.ts';
import { writeFileAtomically } from '../../src/files/atomic-write.ts';
import encryptedFile from '../../src/stores/encrypted-file.ts';
import { must } from '../beds/process.ts';
import { failure, fieldsOf, plainOf } from '../conformance/secret-store.ts';

const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
const id = (text: string) => SecretId.parse(text);

let home: string;
let disk: string;
const directory = () => join(disk, 'secrets');
const ballast = () => join(disk, 'ballast');
const open = () =>
  encryptedFile.open({
    directory: directory(),
    keyFile: join(home, 'key.txt'),
    service: 'valetkey-test',
  });

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'valetkey-full-'));
  disk = join(home, 'disk');
  await writeFileAtomically(join(home, 'key.txt'), await generateIdentity());
  await must('mkdir', [disk], { env });
  await must('mount', ['-t', 'tmpfs', '-o', 'size=256k,nr_inodes=16', 'tmpfs', disk], { env });
});
afterEach(async () => {
  await must('umount', [disk], { env });
  await rm(home, { recursive: true });
});

/** Writes until nothing more goes in. */
async function fillDisk(): Promise<void> {
  await expect(writeFile(ballast(), Buffer.alloc(1_048_576))).rejects.toMatchObject({
    code: 'ENOSPC',
  });
}

it('says that a full disk kept the secret from being written, and keeps every other', async () => {
  const store = await open();
  await store.set(id('item'), fieldsOf({ field: '1' }));
  const before = await readFile(store.location);
  await fillDisk();
  const large = fieldsOf({ field: 'x'.repeat(64 * 1024) });
  for (const one of [store, await open()]) {
    await expect(one.set(id('large'), large)).rejects.toMatchObject({
      ...failure('STORE_WRITE_FAILED'),
      reason: 'the disk is full',
    });
    await expect(one.delete(id('item'))).rejects.toMatchObject(failure('STORE_WRITE_FAILED'));
    expect(plainOf(await one.get(id('item')))).toEqual({ field: '1' });
    expect(await one.list()).toEqual(['item']);
  }
  expect(await readFile(store.location)).toEqual(before);
  expect((await readdir(directory())).toSorted()).toEqual(['secrets.age', 'secrets.lock']);

  await rm(ballast());
  await store.set(id('large'), large);
  expect((await (await open()).list()).toSorted()).toEqual(['item', 'large']);
});

it('says so, too, when the disk was full before the first secret', async () => {
  await fillDisk();
  const store = await open();
  await expect(store.set(id('item'), fieldsOf({ field: '1' }))).rejects.toMatchObject(
    failure('STORE_WRITE_FAILED'),
  );
  expect(await store.get(id('item'))).toBeUndefined();
  await rm(ballast());
  await store.set(id('item'), fieldsOf({ field: '1' }));
  expect(plainOf(await store.get(id('item')))).toEqual({ field: '1' });
});

it('says so where the disk has room but no file may be made', async () => {
  const names = Array.from({ length: 16 }, (_, n) => join(disk, `file-${n}`));
  const made = await Promise.allSettled(names.map((name) => writeFile(name, '')));
  expect(made.some(({ status }) => status === 'rejected')).toBe(true);
  await expect((await open()).set(id('item'), fieldsOf({}))).rejects.toMatchObject(
    failure('STORE_WRITE_FAILED'),
  );
});

it('says so on a read-only file system, from which it still reads', async () => {
  await (await open()).set(id('item'), fieldsOf({ field: '1' }));
  await must('mount', ['-o', 'remount,ro', disk], { env });
  const store = await open();
  expect(plainOf(await store.get(id('item')))).toEqual({ field: '1' });
  await expect(store.set(id('item'), fieldsOf({}))).rejects.toMatchObject(
    failure('STORE_WRITE_FAILED'),
  );
});
