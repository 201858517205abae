import { randomBytes } from 'node:crypto';

import { afterEach, describe, expect, it } from 'vitest';

import type { ErrorCode } from '../../src/core/errors.ts';
import { SecretId } from '../../src/core/ids.ts';
import { isSecret, secret } from '../../src/core/secret.ts';
import type { SecretFields, SecretStore } from '../../src/stores/contract.ts';

type Plain = Readonly<Record<string, string>>;

export interface StoreUnderTest {
  /** A new, empty place for each case; every `open` of it is another instance on the same place. */
  readonly place: () => Promise<{
    readonly open: () => Promise<SecretStore>;
    /** Puts an item there from outside, for a store that cannot write itself. */
    readonly put?: (id: string, fields: Plain) => Promise<void>;
    readonly close?: () => Promise<void>;
  }>;
  /** Cases that cannot apply, each with its reason. */
  readonly skip?: { readonly shared?: string };
}

const KB = 1024;
const id = (text: string): SecretId => SecretId.parse(text);

/** The item as plain text, for comparing; also shows that every value came wrapped. */
export function plainOf(fields: SecretFields | undefined): Plain | undefined {
  if (fields === undefined) return undefined;
  expect(Object.values(fields).every(isSecret)).toBe(true);
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value.reveal()]));
}

export function fieldsOf(plain: Plain): SecretFields {
  return Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, secret(value)]));
}

/** The error a store must throw: its code, and a next step for a person. */
export const failure = (code: ErrorCode): Readonly<Record<string, unknown>> => ({
  code,
  hint: expect.stringMatching(/./),
});

/** Values that get lost where somebody takes text for C strings, lines, ASCII or JSON. */
export const AWKWARD: Readonly<Record<string, string>> = {
  'ten kilobytes': randomBytes(5 * KB).toString('hex'),
  empty: '',
  'a NUL inside': 'before\0after',
  'beyond ASCII': 'ключ 鍵 🔑 é',
  'a byte order mark': '\uFEFFkey',
  'spaces and line ends': '  two\nlines\r\n\n',
  'JSON itself': '{"a": "\\u0000"}',
  'a PEM key': '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n',
};

/** What every secret store must do; see the duties on `SecretStore`. */
export function describeSecretStore(kind: string, { place, skip }: StoreUnderTest): void {
  const closers: (() => Promise<void>)[] = [];
  const begin = async () => {
    const here = await place();
    if (here.close !== undefined) closers.push(here.close);
    const store = await here.open();
    const put = here.put ?? ((name: string, plain: Plain) => store.set(id(name), fieldsOf(plain)));
    return { ...here, store, put };
  };
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  describe(`${kind} keeps the contract of secret stores`, () => {
    it('names itself and its place', async () => {
      const { store } = await begin();
      expect(store.kind).toBe(kind);
      expect(store.location).not.toBe('');
    });

    it('answers undefined for what is not there, and lists nothing', async () => {
      const { store } = await begin();
      await expect(store.check()).resolves.toBeUndefined();
      expect(await store.get(id('absent'))).toBeUndefined();
      expect(await store.get(id('absent~session'))).toBeUndefined();
      expect(await store.list()).toEqual([]);
    });

    it('gives back what was put, wrapped as secrets', async () => {
      const { store, put } = await begin();
      await put('aws-dev', {
        aws_access_key_id: 'AKIAEXAMPLE',
        aws_secret_access_key: 's3cr3t/+=',
      });
      expect(plainOf(await store.get(id('aws-dev')))).toEqual({
        aws_access_key_id: 'AKIAEXAMPLE',
        aws_secret_access_key: 's3cr3t/+=',
      });
      expect(await store.list()).toEqual(['aws-dev']);
    });

    it('tells items apart by their whole id', async () => {
      const { store, put } = await begin();
      for (const name of ['a', 'a.b', 'a-b', 'a_b', 'ab']) await put(name, { field: name });
      for (const name of ['a', 'a.b', 'a-b', 'a_b', 'ab']) {
        expect(plainOf(await store.get(id(name)))).toEqual({ field: name });
      }
      expect((await store.list()).toSorted()).toEqual(['a', 'a-b', 'a.b', 'a_b', 'ab']);
    });

    it.skipIf(skip?.shared !== undefined)('shows what another instance put', async () => {
      const { open, put } = await begin();
      const other = await open();
      await put('one', { field: '1' });
      expect(plainOf(await other.get(id('one')))).toEqual({ field: '1' });
      await put('two', { field: '2' });
      expect((await other.list()).toSorted()).toEqual(['one', 'two']);
    });

    describeWriting(begin, skip);
  });
}

type Begin = () => Promise<{ store: SecretStore; open: () => Promise<SecretStore> }>;

function describeWriting(begin: Begin, skip: StoreUnderTest['skip']): void {
  it('refuses to write when it is read-only, and says so', async ({ skip: leaveOut }) => {
    const { store } = await begin();
    if (store.writable) leaveOut('writable');
    await expect(store.set(id('a'), {})).rejects.toMatchObject(failure('STORE_READ_ONLY'));
    await expect(store.delete(id('a'))).rejects.toMatchObject(failure('STORE_READ_ONLY'));
  });

  const writable = (name: string, test: (begun: Awaited<ReturnType<Begin>>) => Promise<void>) =>
    it(name, async ({ skip: leaveOut }) => {
      const begun = await begin();
      if (!begun.store.writable) leaveOut('read-only');
      await test(begun);
    });

  writable('keeps awkward values byte for byte', async ({ store, open }) => {
    const plain = Object.fromEntries(
      Object.values(AWKWARD).map((value, index) => [`field_${index}`, value]),
    );
    await store.set(id('awkward'), fieldsOf(plain));
    expect(plainOf(await store.get(id('awkward')))).toEqual(plain);
    if (skip?.shared === undefined) {
      expect(plainOf(await (await open()).get(id('awkward')))).toEqual(plain);
    }
  });

  writable('keeps an item without fields', async ({ store }) => {
    await store.set(id('bare'), {});
    expect(plainOf(await store.get(id('bare')))).toEqual({});
  });

  writable('replaces an item whole', async ({ store }) => {
    await store.set(id('item'), fieldsOf({ old: '1', both: '1' }));
    await store.set(id('item'), fieldsOf({ new: '2', both: '2' }));
    expect(plainOf(await store.get(id('item')))).toEqual({ new: '2', both: '2' });
    expect(await store.list()).toEqual(['item']);
  });

  writable('keeps revisions and sessions beside the item', async ({ store }) => {
    for (const name of ['item', 'item~session', 'item~k3j9']) {
      await store.set(id(name), fieldsOf({ field: name }));
    }
    expect(await store.delete(id('item'))).toBe(true);
    expect(plainOf(await store.get(id('item~session')))).toEqual({ field: 'item~session' });
    expect((await store.list()).toSorted()).toEqual(['item~k3j9', 'item~session']);
  });

  writable('deletes once', async ({ store }) => {
    await store.set(id('item'), fieldsOf({ field: '1' }));
    expect(await store.delete(id('absent'))).toBe(false);
    expect(await store.delete(id('item'))).toBe(true);
    expect(await store.delete(id('item'))).toBe(false);
    expect(await store.get(id('item'))).toBeUndefined();
    expect(await store.list()).toEqual([]);
  });

  writable('hands out copies', async ({ store }) => {
    const fields = { field: secret('1') };
    await store.set(id('item'), fields);
    fields.field = secret('2');
    Object.assign((await store.get(id('item'))) ?? {}, { field: secret('3') });
    expect(plainOf(await store.get(id('item')))).toEqual({ field: '1' });
  });

  writable('refuses what could not be read again, and keeps what it has', async ({ store }) => {
    await store.set(id('item'), fieldsOf({ field: '1' }));
    const refused = failure('INPUT_INVALID');
    await expect(store.set(id('item'), fieldsOf({ '../up': '2' }))).rejects.toMatchObject(refused);
    const huge = fieldsOf({ field: 'x'.repeat(KB * KB + 1) });
    await expect(store.set(id('item'), huge)).rejects.toMatchObject(refused);
    expect(plainOf(await store.get(id('item')))).toEqual({ field: '1' });
  });

  writable('loses nothing when two instances write at once', async ({ store, open }) => {
    const other = skip?.shared === undefined ? await open() : store;
    const names = Array.from({ length: 8 }, (_, index) => `item-${index}`);
    await Promise.all(
      names.map((name, index) =>
        (index % 2 === 0 ? store : other).set(id(name), fieldsOf({ field: name })),
      ),
    );
    for (const one of [store, other]) {
      expect((await one.list()).toSorted()).toEqual(names);
      for (const name of names) expect(plainOf(await one.get(id(name)))).toEqual({ field: name });
    }
  });

  writable('keeps one whole item when two instances write the same', async ({ store, open }) => {
    const other = skip?.shared === undefined ? await open() : store;
    await Promise.all([
      store.set(id('item'), fieldsOf({ a: 'first', b: 'first' })),
      other.set(id('item'), fieldsOf({ a: 'second', b: 'second' })),
    ]);
    const left = plainOf(await store.get(id('item')));
    expect(['first', 'second']).toContain(left?.['a']);
    expect(left?.['b']).toBe(left?.['a']);
    expect(plainOf(await other.get(id('item')))).toEqual(left);
    expect(await store.list()).toEqual(['item']);
  });
}
