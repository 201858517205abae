import { writeFile } from 'node:fs/promises';

import { describe, expect, onTestFinished, test } from 'vitest';

import { buildParts } from '../../src/composition/parts.ts';
import type { Parts } from '../../src/composition/parts.ts';
import { INPUTS } from '../../src/control/schema.ts';
import type { Inputs } from '../../src/control/schema.ts';
import { ConnectorName, loginSecretIdOf } from '../../src/core/ids.ts';
import { secret } from '../../src/core/secret.ts';
import { remove } from '../../src/service/connectors.ts';
import type { Service } from '../../src/service/context.ts';
import { createProposals } from '../../src/service/proposals.ts';
import { register } from '../../src/service/register.ts';
import { itemOf } from '../../src/service/saved.ts';
import { update } from '../../src/service/update.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { temporaryHome } from '../support/home.ts';

const A = ConnectorName.parse('a');
const B = ConnectorName.parse('b');
const KEYS = { aws_access_key_id: 'AKIAIOSFODNN7EXAMPLE', aws_secret_access_key: 's'.repeat(40) };
const OTHER_KEYS = { ...KEYS, aws_secret_access_key: 't'.repeat(40) };
const ROLE = { role_arn: 'arn:aws:iam::111122223333:role/training', region: 'eu-west-1' };

async function setup(): Promise<Parts> {
  const home = await temporaryHome();
  const parts = await buildParts('in-process', {
    env: { VALETKEY_HOME: home, HOME: home },
    version: 'test',
    clock: fakeClock(),
    ephemeral: true,
  });
  onTestFinished(() => parts.broker.stop());
  return parts;
}

const add = (service: Service, name: ConnectorName, attributes: object = { ...KEYS, ...ROLE }) =>
  register(
    service,
    createProposals(service),
    INPUTS.register.parse({
      name,
      type: 'aws',
      auth_method: 'iam-role',
      attributes,
      verify: false,
    }),
  );

const change = (service: Service, input: Inputs['update']) =>
  update(service, INPUTS.update.parse({ verify: false, ...input }));

async function logIn({ issuer, catalog, clock }: Service, name: ConnectorName, whose: string) {
  await issuer.saveLogin(await catalog.get(name), {
    fields: { whose: secret(whose) },
    expiresAt: clock.now() + 3_600_000,
  });
}

/** The same parts in a process that is killed before its write number `writes`, counted from 0. */
function killedAt(parts: Parts, writes: number): Service {
  let left = writes;
  const until =
    <Args extends unknown[], R>(work: (...args: Args) => Promise<R>) =>
    async (...args: Args): Promise<R> => {
      if (left <= 0) throw new Error('killed');
      left -= 1;
      return work(...args);
    };
  const { store, catalog } = parts;
  return {
    ...parts,
    store: { ...store, set: until(store.set), delete: until(store.delete) },
    catalog: {
      ...catalog,
      create: until(catalog.create),
      replace: until(catalog.replace),
      remove: until(catalog.remove),
    },
  };
}

/** Runs `work` with a kill at every instant, each time on a home of its own. */
async function atEveryInstant(
  work: (service: Service) => Promise<unknown>,
  prepare: (parts: Parts) => Promise<unknown>,
  check: (parts: Parts) => Promise<void>,
) {
  for (let writes = 0; ; writes += 1) {
    const parts = await setup();
    await prepare(parts);
    const ended = await work(killedAt(parts, writes)).then(
      () => true,
      () => false,
    );
    await check(parts);
    if (ended) return expect(writes).toBeGreaterThan(1);
  }
}

/** Every connector that is listed can be used: its secret is there, whole, and so is its login. */
async function wholeConnectors({ catalog, store }: Parts) {
  const entries = await catalog.list();
  return Promise.all(
    entries.map(async ({ name, record }) => {
      if (record === undefined) throw new Error(`${name} is corrupt`);
      const fields = (await store.get(itemOf(record))) ?? {};
      expect(Object.keys(fields).toSorted()).toEqual(record.secret_fields.toSorted());
      const login = await store.get(loginSecretIdOf(name));
      return {
        name,
        key: fields['aws_secret_access_key']?.reveal()[0],
        login: login?.['whose']?.reveal(),
      };
    }),
  );
}

describe('invariant 9: a kill at any instant', () => {
  test('of a registration leaves nothing or a whole connector, and it can be registered again', () =>
    atEveryInstant(
      (service) => add(service, A),
      async () => undefined,
      async (parts) => {
        const found = await wholeConnectors(parts);
        if (found.length === 0) await add(parts, A);
        else await remove(parts, { name: A });
      },
    ));

  test('of a change of the secret leaves the old one or the new', () =>
    atEveryInstant(
      (service) => change(service, { name: A, attributes: OTHER_KEYS }),
      async (parts) => {
        await add(parts, A);
        await logIn(parts, A, 'ada');
      },
      async (parts) => {
        const [one, ...others] = await wholeConnectors(parts);
        expect(others).toEqual([]);
        expect(one).toMatchObject({ login: 'ada' });
        expect(['s', 't']).toContain(one?.key);
      },
    ));

  test('of a rename leaves the connector under either name or both, with its login', () =>
    atEveryInstant(
      (service) => change(service, { name: A, new_name: 'b' }),
      async (parts) => {
        await add(parts, A);
        await logIn(parts, A, 'ada');
      },
      async (parts) => {
        const found = await wholeConnectors(parts);
        expect(found.length).toBeGreaterThan(0);
        for (const one of found) expect(one).toMatchObject({ key: 's', login: 'ada' });
      },
    ));

  test('of a removal leaves a connector, or secrets that a second removal takes away', () =>
    atEveryInstant(
      (service) => remove(service, { name: A }),
      async (parts) => {
        await add(parts, A);
        await logIn(parts, A, 'ada');
      },
      async (parts) => {
        await wholeConnectors(parts);
        if ((await parts.store.list()).length > 0) await remove(parts, { name: A });
        expect(await parts.store.list()).toEqual([]);
      },
    ));
});

describe('what a failed or killed command left behind', () => {
  test('is not the secret of the next connector of that name', async () => {
    const parts = await setup();
    await add(parts, A);
    await remove(killedAt(parts, 1), { name: A }).catch(() => undefined);
    expect(await parts.catalog.list()).toEqual([]);
    await register(
      parts,
      createProposals(parts),
      INPUTS.register.parse({
        name: A,
        type: 'aws',
        auth_method: 'web-identity',
        attributes: { ...ROLE, token_file: '/token' },
        verify: false,
      }),
    );
    const open = parts.issuer.open(await parts.catalog.get(A));
    expect(Object.keys((await parts.issuer.inputOf(open)).secret)).toEqual([]);
    expect(await parts.store.list()).toEqual([]);
  });

  test('a registration whose file cannot be written leaves no secret', async () => {
    const parts = await setup();
    const full = {
      ...parts,
      catalog: { ...parts.catalog, create: () => Promise.reject(new Error('disk full')) },
    };
    await expect(add(full, A)).rejects.toThrow('disk full');
    expect(await parts.store.list()).toEqual([]);
  });

  test('a change whose file cannot be written leaves the old secret alone', async () => {
    const parts = await setup();
    await add(parts, A);
    const full = {
      ...parts,
      catalog: { ...parts.catalog, replace: () => Promise.reject(new Error('disk full')) },
    };
    await expect(change(full, { name: A, attributes: OTHER_KEYS })).rejects.toThrow('disk full');
    expect(await parts.store.list()).toEqual(['a']);
    expect(await wholeConnectors(parts)).toMatchObject([{ key: 's' }]);
  });
});

describe('a rename to a name that is taken', () => {
  test('is refused before anything is touched: nobody gets another’s login', async () => {
    const parts = await setup();
    await add(parts, A);
    await add(parts, B, { ...OTHER_KEYS, ...ROLE });
    await logIn(parts, A, 'ada');
    await logIn(parts, B, 'bob');
    await expect(change(parts, { name: A, new_name: 'b' })).rejects.toMatchObject({
      code: 'NAME_TAKEN',
      subject: 'b',
    });
    expect(await wholeConnectors(parts)).toMatchObject([
      { name: 'a', key: 's', login: 'ada' },
      { name: 'b', key: 't', login: 'bob' },
    ]);
    expect((await parts.store.list()).toSorted()).toEqual(['a', 'a~session', 'b', 'b~session']);
  });

  test('also when its file cannot be understood', async () => {
    const parts = await setup();
    await add(parts, A);
    await writeBroken(parts, 'b');
    await expect(change(parts, { name: A, new_name: 'b' })).rejects.toMatchObject({
      code: 'NAME_TAKEN',
    });
  });
});

async function writeBroken({ catalog }: Parts, name: string) {
  await writeFile(`${catalog.directory}/${name}.yaml`, '}{');
}

describe('two writers', () => {
  test('a file that was edited by hand meanwhile is not overwritten', async () => {
    const parts = await setup();
    await add(parts, A);
    const edited = {
      ...parts,
      lock: async <T>(work: () => Promise<T>) => {
        const record = await parts.catalog.get(A);
        await parts.catalog.replace({ ...record, description: 'by hand' });
        return work();
      },
    };
    await expect(change(edited, { name: A, labels: { team: 'ml' } })).rejects.toMatchObject({
      code: 'BUSY',
    });
    expect((await parts.catalog.get(A)).description).toBe('by hand');
  });

  test('a login that ends after its connector was replaced or removed is not the next one’s', async () => {
    const parts = await setup();
    await add(parts, A);
    const old = await parts.catalog.get(A);
    const renewed = { fields: { whose: secret('ada') }, expiresAt: Infinity };
    await remove(parts, { name: A });
    const keep = () => parts.issuer.keepLogin(old, renewed);
    await expect(keep()).rejects.toMatchObject({ code: 'CONNECTOR_NOT_FOUND' });
    await add(parts, A);
    await expect(keep()).rejects.toMatchObject({ code: 'BUSY' });
    expect(await parts.store.list()).toEqual(['a']);
  });

  test('a change made while the store is another one does not lose the secret', async () => {
    const parts = await setup();
    await add(parts, A);
    const store = { ...parts.store, get: () => Promise.resolve(undefined) };
    const lost = change({ ...parts, store }, { name: A, description: 'new' });
    await expect(lost).rejects.toMatchObject({ code: 'SECRET_MISSING' });
    expect(await wholeConnectors(parts)).toMatchObject([{ key: 's' }]);
  });
});
