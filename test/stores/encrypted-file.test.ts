import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { ErrorCode } from '../../src/core/errors.ts';
import { SecretId } from '../../src/core/ids.ts';
import { secret } from '../../src/core/secret.ts';
import type { StoreOptions } from '../../src/stores/contract.ts';
import encryptedFile from '../../src/stores/encrypted-file.ts';
import { describeSecretStore, failure, fieldsOf, plainOf } from '../conformance/secret-store.ts';

let directory: string;
let keyFile: string;
const id = (text: string) => SecretId.parse(text);
const sealed = () => join(directory, 'secrets.age');
const open = (options: Partial<StoreOptions> = { keyFile }) =>
  encryptedFile.open({ directory, service: 'valetkey-test', ...options });

beforeEach(async () => {
  const home = await mkdtemp(join(tmpdir(), 'valetkey-age-'));
  directory = join(home, 'secrets');
  keyFile = join(home, 'key.txt');
  await writeFile(keyFile, await generateIdentity(), { mode: 0o600 });
});
afterEach(() => rm(join(directory, '..'), { recursive: true, force: true }));

describeSecretStore('encrypted-file', {
  place: async () => {
    await rm(directory, { recursive: true, force: true });
    return { open: () => open() };
  },
});

describe('the file', () => {
  it('is private, encrypted, and alone in its folder but for the lock', async () => {
    await (await open()).set(id('item'), fieldsOf({ field: 'planted-secret' }));
    expect((await stat(sealed())).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await readdir(directory)).toSorted()).toEqual(['secrets.age', 'secrets.lock']);
    for (const name of await readdir(directory)) {
      const bytes = await readFile(join(directory, name), 'latin1');
      expect(bytes).not.toContain('planted-secret');
      expect(bytes).not.toContain('item');
    }
  });

  it('is not made by reading', async () => {
    const store = await open();
    await store.get(id('item'));
    await store.list();
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is read again when another file takes its place', async () => {
    const store = await open();
    await store.set(id('item'), fieldsOf({ field: '1' }));
    await copyFile(sealed(), `${sealed()}.backup`);
    await store.set(id('item'), fieldsOf({ field: '2' }));
    await copyFile(`${sealed()}.backup`, sealed());
    expect(plainOf(await store.get(id('item')))).toEqual({ field: '1' });
  });

  it('is corrupt when any byte of it was changed, and is not written over', async () => {
    const store = await open();
    await store.set(id('item'), fieldsOf({ field: '1' }));
    const good = await readFile(sealed());
    const mac = good.indexOf('\n--- ') + 10;
    const damages: Readonly<Record<string, Buffer>> = {
      'last byte': Buffer.from(good.with(good.length - 1, (good.at(-1) ?? 0) ^ 1)),
      'header MAC': Buffer.from(good.with(mac, good[mac] === 0x41 ? 0x42 : 0x41)),
      truncated: good.subarray(0, -8),
      'cut in the header': good.subarray(0, 40),
      empty: Buffer.alloc(0),
      'not age': Buffer.from('{"version":1,"items":{}}'),
    };
    for (const [name, bytes] of Object.entries(damages)) {
      await writeFile(sealed(), bytes);
      const corrupt = failure('STORE_CORRUPT');
      const fresh = await open();
      await expect(fresh.get(id('item')), name).rejects.toMatchObject(corrupt);
      await expect(fresh.check(), name).rejects.toMatchObject(corrupt);
      await expect(fresh.set(id('item'), fieldsOf({})), name).rejects.toMatchObject(corrupt);
      expect(await readFile(sealed()), name).toEqual(bytes);
    }
    await writeFile(sealed(), good);
    expect(plainOf(await store.get(id('item')))).toEqual({ field: '1' });
  });

  it('is corrupt when something else is encrypted in it, and the error quotes nothing', async () => {
    await mkdir(directory, { recursive: true });
    const recipient = await identityToRecipient(await readFile(keyFile, 'utf8'));
    for (const content of [
      'planted-secret',
      '{"version":2,"items":{},"x":"planted-secret"}',
      '{"version":1,"items":{"../up":{"field":"planted-secret"}}}',
      '{"version":1,"items":{"item":{"field":["planted-secret"]}}}',
    ]) {
      const encrypter = new Encrypter();
      encrypter.addRecipient(recipient);
      await writeFile(sealed(), await encrypter.encrypt(content));
      const error = await (await open()).list().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject(failure('STORE_CORRUPT'));
      expect(inspect(error)).not.toContain('planted');
    }
  });
});

describe('the key', () => {
  it('may be a passphrase in a file, with the line end that editors add', async () => {
    await writeFile(keyFile, 'correct horse\n');
    await (await open()).set(id('item'), fieldsOf({ field: '1' }));
    await writeFile(keyFile, 'correct horse');
    expect(plainOf(await (await open()).get(id('item')))).toEqual({ field: '1' });
    expect(await readFile(sealed(), 'latin1')).toMatch(
      /^age-encryption\.org\/v1\n-> scrypt \S+ 17\n/,
    );
  });

  it('may be what age-keygen prints, with several identities', async () => {
    await (await open()).set(id('item'), fieldsOf({ field: '1' }));
    const [old, young] = [await readFile(keyFile, 'utf8'), await generateIdentity()];
    await writeFile(keyFile, `# created: 2026-11-02\n# public key: age1…\n${young}\n${old}\n`);
    const store = await open();
    await store.set(id('more'), fieldsOf({ field: '2' }));
    await writeFile(keyFile, young);
    expect((await (await open()).list()).toSorted()).toEqual(['item', 'more']);
  });

  it('is asked for once, however many ask, and again after a wrong one', async () => {
    const asked: string[] = [];
    const answers = ['right', 'wrong', 'right'];
    const askPassphrase = async () => {
      asked.push(answers[0] ?? '');
      return secret(answers.shift() ?? '');
    };
    const first = await open({ askPassphrase });
    await first.set(id('item'), fieldsOf({ field: '1' }));
    await first.set(id('item'), fieldsOf({ field: '2' }));
    expect(asked).toEqual(['right']);

    const second = await open({ askPassphrase });
    const locked = failure('STORE_LOCKED');
    await expect(second.get(id('item'))).rejects.toMatchObject(locked);
    const reads = await Promise.all([
      second.get(id('item')),
      second.get(id('item')),
      second.list(),
    ]);
    expect(plainOf(reads[0])).toEqual({ field: '2' });
    expect(asked).toEqual(['right', 'wrong', 'right']);
  });

  it('is derived once for many reads of one file', async () => {
    await writeFile(keyFile, 'correct horse');
    await (await open()).set(id('item'), fieldsOf({ field: '1' }));
    const store = await open();
    await store.get(id('item'));
    const before = process.cpuUsage();
    for (let round = 0; round < 100; round++) await store.get(id('item'));
    const { user, system } = process.cpuUsage(before);
    // One derivation is above 200 ms of processor time anywhere; a hundred reads must cost less.
    expect(user + system).toBeLessThan(150_000);
  });

  it('that does not fit locks the store, for reading and for writing', async () => {
    await (await open()).set(id('item'), fieldsOf({ field: '1' }));
    const before = await readFile(sealed());
    for (const wrong of [await generateIdentity(), 'a passphrase']) {
      await writeFile(keyFile, wrong);
      const store = await open();
      const locked = failure('STORE_LOCKED');
      await expect(store.get(id('item'))).rejects.toMatchObject(locked);
      await expect(store.list()).rejects.toMatchObject(locked);
      await expect(store.set(id('item'), fieldsOf({}))).rejects.toMatchObject(locked);
      await expect(store.delete(id('item'))).rejects.toMatchObject(locked);
    }
    expect(await readFile(sealed())).toEqual(before);
  });

  it('that was swapped under a running store does not re-encrypt the file', async () => {
    const store = await open();
    await store.set(id('item'), fieldsOf({ field: '1' }));
    const original = await readFile(keyFile, 'utf8');
    await writeFile(keyFile, await generateIdentity());
    await expect(store.set(id('item'), fieldsOf({}))).rejects.toMatchObject({
      code: 'STORE_LOCKED',
    });
    await writeFile(keyFile, original);
    expect(plainOf(await (await open()).get(id('item')))).toEqual({ field: '1' });
  });

  it('is an error of its own when there is none, it is gone, open to others, or no key', async () => {
    await expect(open({})).rejects.toMatchObject(failure('CONFIG_INVALID'));
    await (await open()).set(id('item'), fieldsOf({ field: '1' }));
    const original = await readFile(keyFile, 'utf8');
    const cases: readonly [string, ErrorCode, number][] = [
      [original, 'UNSAFE_FILE', 0o640],
      ['AGE-SECRET-KEY-1NOTAKEY', 'CONFIG_INVALID', 0o600],
      ['AGE-PLUGIN-YUBIKEY-1QQ', 'CONFIG_INVALID', 0o600],
      ['two\nlines', 'CONFIG_INVALID', 0o600],
      ['', 'STORE_LOCKED', 0o600],
    ];
    for (const [content, code, mode] of cases) {
      await rm(keyFile);
      await writeFile(keyFile, content, { mode });
      const error = await (await open()).get(id('item')).catch((thrown: unknown) => thrown);
      expect(error, content).toMatchObject(failure(code));
    }
    await rm(keyFile);
    await expect((await open()).get(id('item'))).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
    });
  });
});
