import { execFile } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { SecretId } from '../../src/core/ids.ts';
import type { SecretStore } from '../../src/stores/contract.ts';
import mountedFiles from '../../src/stores/mounted-files.ts';
import { describeSecretStore, failure, plainOf } from '../conformance/secret-store.ts';

type Content = string | Uint8Array;

let mount: string;
let store: SecretStore;
const id = (text: string) => SecretId.parse(text);
const open = (folder = mount) =>
  mountedFiles.open({ directory: '/nowhere', mount: folder, service: 'valetkey-test' });

beforeEach(async () => {
  mount = await mkdtemp(join(tmpdir(), 'valetkey-mount-'));
  store = await open();
});
afterEach(() => rm(mount, { recursive: true, force: true }));

async function writeFields(folder: string, fields: Readonly<Record<string, Content>>) {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(fields)) {
    await writeFile(join(folder, name), content, { mode: 0o644 });
  }
}

const marked = (mark: string) =>
  Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`field_${index}`, mark]));

let revision = 0;

/** Turns a Secret volume over as the kubelet's AtomicWriter does: new folder, rename of `..data`. */
async function project(volume: string, fields: Readonly<Record<string, Content>>) {
  const name = `..2026_11_02_09_00_00.${++revision}`;
  await writeFields(join(volume, name), fields);
  const previous = await readlink(join(volume, '..data')).catch(() => undefined);
  await symlink(name, join(volume, '..data_tmp'));
  await rename(join(volume, '..data_tmp'), join(volume, '..data'));
  for (const field of Object.keys(fields)) {
    await symlink(join('..data', field), join(volume, field)).catch(() => undefined);
  }
  if (previous !== undefined) await rm(join(volume, previous), { recursive: true });
}

describeSecretStore('mounted-files', {
  place: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'valetkey-mount-'));
    return {
      open: () => open(folder),
      put: (name, fields) => writeFields(join(folder, name), fields),
      close: () => rm(folder, { recursive: true, force: true }),
    };
  },
});

describe('a mounted Kubernetes Secret', () => {
  it('is read through `..data`, and only its own files are fields', async () => {
    await project(join(mount, 'aws-dev'), { key: 'k1', secret: 's1' });
    expect(plainOf(await store.get(id('aws-dev')))).toEqual({ key: 'k1', secret: 's1' });
    expect(await store.list()).toEqual(['aws-dev']);
  });

  it('is followed when it is rotated, fields that went away included', async () => {
    await project(join(mount, 'aws-dev'), { key: 'k1', secret: 's1', session: 't1' });
    await store.get(id('aws-dev'));
    await project(join(mount, 'aws-dev'), { key: 'k2', secret: 's2' });
    expect(plainOf(await store.get(id('aws-dev')))).toEqual({ key: 'k2', secret: 's2' });
  });

  it('may be one projected volume for all connectors', async () => {
    const snapshot = join(mount, '..2026_11_02_09_00_00.1');
    await writeFields(join(snapshot, 'aws-dev'), { key: 'k1' });
    await writeFields(join(snapshot, 'gcp'), { key: 'g1' });
    await symlink('..2026_11_02_09_00_00.1', join(mount, '..data'));
    for (const name of ['aws-dev', 'gcp']) await symlink(join('..data', name), join(mount, name));
    expect((await store.list()).toSorted()).toEqual(['aws-dev', 'gcp']);
    expect(plainOf(await store.get(id('gcp')))).toEqual({ key: 'g1' });
  });

  it('never mixes two revisions while it is turned over and over', async () => {
    const volume = join(mount, 'aws-dev');
    await project(volume, marked('start'));
    const turning = new AbortController();
    const writer = (async () => {
      for (let mark = 0; !turning.signal.aborted; mark++) {
        await project(volume, marked(String(mark)));
        for (let pause = (mark * 7) % 80; pause > 0; pause--) await stat(volume);
      }
    })();
    const seen = new Set<string>();
    let busy = 0;
    for (let round = 0; round < 150; round++) {
      const read = await store.get(id('aws-dev')).catch((error: { code: string }) => error.code);
      if (read === 'STORE_UNREACHABLE') busy++;
      else if (typeof read === 'string') throw new Error(read);
      else {
        const marks = Object.values(plainOf(read) ?? {});
        expect(marks).toHaveLength(12);
        expect(new Set(marks).size).toBe(1);
        seen.add(marks[0] ?? '');
      }
    }
    turning.abort();
    await writer;
    expect(seen.size).toBeGreaterThan(5);
    expect(busy).toBeLessThan(75);
  });
});

describe('mounted files', () => {
  it('lose one line end, no more', async () => {
    const files = { none: 'a', one: 'a\n', two: 'a\n\n', windows: 'a\r\n', only: '\n', empty: '' };
    await writeFields(join(mount, 'x'), files);
    expect(plainOf(await store.get(id('x')))).toEqual({
      none: 'a',
      one: 'a',
      two: 'a\n',
      windows: 'a',
      only: '',
      empty: '',
    });
  });

  it('are fields only if they are named like one', async () => {
    await writeFields(join(mount, 'x'), { key: '1', '.hidden': '2', 'with space': '3', 'a~': '4' });
    await mkdir(join(mount, 'x', 'folder'));
    expect(plainOf(await store.get(id('x')))).toEqual({ key: '1' });
  });

  it('are connectors only if they are folders with a connector’s name', async () => {
    await writeFields(mount, { 'a-file': '1' });
    await writeFields(join(mount, 'UPPER'), {});
    await writeFields(join(mount, 'a~session'), { key: '1' });
    await writeFields(join(mount, 'good'), { key: '1' });
    await symlink('nowhere', join(mount, 'dangling'));
    expect(await store.list()).toEqual(['good']);
    expect(await store.get(id('a~session'))).toBeUndefined();
    await expect(store.get(id('a-file'))).rejects.toMatchObject(failure('STORE_CORRUPT'));
  });

  it('are read even when others may read them, refused when others may write them', async () => {
    await writeFields(join(mount, 'x'), { key: '1', other: '2' });
    await chmod(join(mount, 'x', 'key'), 0o444);
    expect(plainOf(await store.get(id('x')))).toEqual({ key: '1', other: '2' });
    await chmod(join(mount, 'x', 'key'), 0o666);
    await expect(store.get(id('x'))).rejects.toMatchObject({
      code: 'UNSAFE_FILE',
      subject: join(mount, 'x', 'key'),
    });
  });

  it('are refused in a folder where others may put files, unless only the owner may move them', async () => {
    await writeFields(join(mount, 'x'), { key: '1' });
    for (const folder of [join(mount, 'x'), mount]) {
      await chmod(folder, 0o777);
      await expect(store.get(id('x'))).rejects.toMatchObject(failure('UNSAFE_FILE'));
      await chmod(folder, 0o1777); // what the kubelet gives a Secret volume's root
      expect(plainOf(await store.get(id('x')))).toEqual({ key: '1' });
    }
  });

  it('are refused when they are not text, too large, too many, or no files', async () => {
    const broken: Readonly<Record<string, Readonly<Record<string, Content>>>> = {
      binary: { key: new Uint8Array([0x66, 0xff, 0xfe]) },
      large: { key: 'x'.repeat(1_048_577) },
      'large-together': { a: 'x'.repeat(700_000), b: 'x'.repeat(700_000) },
      many: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`f${index}`, ''])),
    };
    for (const [name, fields] of Object.entries(broken)) {
      await writeFields(join(mount, name), fields);
      await expect(store.get(id(name)), name).rejects.toMatchObject(failure('STORE_CORRUPT'));
    }
    await mkdir(join(mount, 'pipe'));
    await promisify(execFile)('mkfifo', ['-m', '600', join(mount, 'pipe', 'key')]);
    await expect(store.get(id('pipe'))).rejects.toMatchObject(failure('STORE_CORRUPT'));
  });

  it('are unreachable, not absent, when nothing is mounted', async () => {
    const missing = await open(join(mount, 'missing'));
    const unreachable = failure('STORE_UNREACHABLE');
    await expect(missing.get(id('x'))).rejects.toMatchObject(unreachable);
    await expect(missing.list()).rejects.toMatchObject(unreachable);
    await expect(missing.check()).rejects.toMatchObject(unreachable);
  });

  it('are unreachable when a field is a link to nothing', async () => {
    await writeFields(join(mount, 'x'), { key: '1' });
    await symlink('nowhere', join(mount, 'x', 'gone'));
    await expect(store.get(id('x'))).rejects.toMatchObject(failure('STORE_UNREACHABLE'));
  });

  it('need a mounted folder in the options', async () => {
    const options = { directory: '/nowhere', service: 'valetkey-test' };
    await expect(mountedFiles.open(options)).rejects.toMatchObject(failure('CONFIG_INVALID'));
    await expect(mountedFiles.open({ ...options, mount: '' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });
});
