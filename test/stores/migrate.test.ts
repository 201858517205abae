import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { generateIdentity } from 'age-encryption';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ValetkeyError } from '../../src/core/errors.ts';
import { SecretId } from '../../src/core/ids.ts';
import { writeFileAtomically } from '../../src/files/atomic-write.ts';
import type { SecretStore } from '../../src/stores/contract.ts';
import { openStore } from '../../src/stores/index.ts';
import { migrate } from '../../src/stores/migrate.ts';
import { AWKWARD, failure, fieldsOf, plainOf } from '../conformance/secret-store.ts';

let home: string;
let source: SecretStore;
let target: SecretStore;
const id = (text: string) => SecretId.parse(text);
const NAMES = ['a', 'b', 'c', 'd', 'e~session'];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'valetkey-migrate-'));
  const keyFile = join(home, 'key.txt');
  await writeFileAtomically(keyFile, await generateIdentity());
  const options = { directory: join(home, 'secrets'), keyFile, service: 'valetkey-test' };
  source = await openStore('memory', options);
  target = await openStore('encrypted-file', options);
  for (const name of NAMES) await source.set(id(name), fieldsOf({ ...AWKWARDLY, name }));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const AWKWARDLY = Object.fromEntries(
  Object.values(AWKWARD).map((value, index) => [`field_${index}`, value]),
);

async function contentOf(store: SecretStore): Promise<Readonly<Record<string, unknown>>> {
  const items: Record<string, unknown> = {};
  for (const name of await store.list()) items[name] = plainOf(await store.get(name));
  return items;
}

/** A real store of which one operation fails from the n-th time on. */
function failing(
  store: SecretStore,
  operation: 'set' | 'get' | 'delete',
  from: number,
): SecretStore {
  let times = 0;
  return {
    ...store,
    [operation]: (...args: Parameters<SecretStore['set']>) => {
      if (++times < from) return store[operation](...args);
      return Promise.reject(
        new ValetkeyError('STORE_WRITE_FAILED', { reason: 'the disk is full' }),
      );
    },
  };
}

describe('migrate', () => {
  it('moves every item and leaves none behind', async () => {
    const before = await contentOf(source);
    expect(await migrate(source, target)).toEqual(NAMES);
    expect(await contentOf(target)).toEqual(before);
    expect(await source.list()).toEqual([]);
  });

  it('leaves the items where they are, too, when told so', async () => {
    const before = await contentOf(source);
    expect(await migrate(source, target, { keep: true })).toEqual(NAMES);
    expect(await contentOf(target)).toEqual(before);
    expect(await contentOf(source)).toEqual(before);
  });

  it('leaves other items of the target alone', async () => {
    await target.set(id('other'), fieldsOf({ field: 'kept' }));
    await migrate(source, target);
    expect(plainOf(await target.get(id('other')))).toEqual({ field: 'kept' });
  });

  it.each([1, 3, 5])('loses nothing when copy %i fails, and goes on later', async (n) => {
    const before = await contentOf(source);
    const error = await migrate(source, failing(target, 'set', n)).catch((e: unknown) => e);
    expect(error).toMatchObject(failure('STORE_WRITE_FAILED'));
    expect(await contentOf(source)).toEqual(before);
    expect(error).toMatchObject({
      reason: expect.stringContaining(`still in memory alone: ${NAMES.slice(n - 1).join(', ')}`),
    });
    if (n > 1) {
      expect(error).toMatchObject({
        reason: expect.stringContaining(`in both stores: ${NAMES.slice(0, n - 1).join(', ')}`),
      });
    }
    expect(await migrate(source, target)).toEqual(NAMES);
    expect(await contentOf(target)).toEqual(before);
    expect(await source.list()).toEqual([]);
  });

  it('loses nothing when a deletion fails, and says what is where', async () => {
    const before = await contentOf(source);
    const error = await migrate(failing(source, 'delete', 3), target).catch((e: unknown) => e);
    expect(error).toMatchObject({
      reason: expect.stringMatching(
        /in both stores: c, d, e~session; in encrypted-file now: a, b\)/,
      ),
    });
    expect(await contentOf(target)).toEqual(before);
    expect(await source.list()).toEqual(['c', 'd', 'e~session']);
    expect(await migrate(source, target)).toEqual(['c', 'd', 'e~session']);
    expect(await contentOf(target)).toEqual(before);
  });

  it('deletes nothing when the target gives back something else', async () => {
    const before = await contentOf(source);
    const forgetful: SecretStore = {
      ...target,
      set: async (name, fields) => {
        await target.set(name, {
          ...fields,
          field_0: fieldsOf({ cut: 'short' })['cut'] ?? fields['x']!,
        });
      },
    };
    await expect(migrate(source, forgetful)).rejects.toMatchObject(failure('STORE_WRITE_FAILED'));
    expect(await contentOf(source)).toEqual(before);
  });

  it('overwrites nothing: another item of the same name stops it before it begins', async () => {
    const before = await contentOf(source);
    await target.set(id('d'), fieldsOf({ field: 'another' }));
    await expect(migrate(source, target)).rejects.toMatchObject({
      ...failure('NAME_TAKEN'),
      subject: 'd',
    });
    expect(await contentOf(source)).toEqual(before);
    expect(await contentOf(target)).toEqual({ d: { field: 'another' } });
  });

  it('does not delete an item that was replaced meanwhile', async () => {
    const slow: SecretStore = {
      ...target,
      set: async (name, fields) => {
        await target.set(name, fields);
        if (name === 'e~session') await source.set(id('b'), fieldsOf({ field: 'newer' }));
      },
    };
    await expect(migrate(source, slow)).rejects.toMatchObject({ ...failure('BUSY'), subject: 'b' });
    expect(plainOf(await source.get(id('b')))).toEqual({ field: 'newer' });
  });

  it('refuses what it could only half do', async () => {
    const mounted = await openStore('mounted-files', {
      directory: home,
      mount: home,
      service: 's',
    });
    await expect(migrate(mounted, target)).rejects.toMatchObject(failure('STORE_READ_ONLY'));
    await expect(migrate(source, mounted)).rejects.toMatchObject(failure('STORE_READ_ONLY'));
    await expect(migrate(target, target)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await source.list()).toEqual(NAMES);
  });

  it('reads from a read-only store when its items are kept', async () => {
    await writeFileAtomically(join(home, 'mount', 'gcp', 'key'), 'mounted\n');
    const mount = join(home, 'mount');
    const mounted = await openStore('mounted-files', { directory: home, mount, service: 's' });
    expect(await migrate(mounted, target, { keep: true })).toEqual(['gcp']);
    expect(plainOf(await target.get(id('gcp')))).toEqual({ key: 'mounted' });
  });

  it('shows no secret in any of its errors', async () => {
    await source.set(id('a'), fieldsOf({ field: 'planted-secret' }));
    await target.set(id('a'), fieldsOf({ field: 'planted-other' }));
    const error: unknown = await migrate(source, target).catch((e: unknown) => e);
    expect(String(error) + JSON.stringify(error)).not.toContain('planted');
  });
});
