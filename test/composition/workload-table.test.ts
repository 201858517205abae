import { expect, test } from 'vitest';

import { openCatalog } from '../../src/catalog/catalog.ts';
import { createWorkloadTable } from '../../src/composition/workload-table.ts';
import { parseConfig } from '../../src/config/load.ts';
import { CONNECTOR_TYPES } from '../../src/connectors/index.ts';
import { ConnectorName } from '../../src/core/ids.ts';
import type { StoreOptions } from '../../src/stores/contract.ts';
import { openStore } from '../../src/stores/index.ts';
import { createTokens } from '../../src/workloads/tokens.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { temporaryHome } from '../support/home.ts';

const NAME = ConnectorName.parse('a');
const ONE = parseConfig('workloads: { one: { grants: [{ connector: a }] } }', 'config.yaml');
const TWO = parseConfig('workloads: { two: { grants: [{ connector: a }] } }', 'config.yaml');

async function setup() {
  const home = await temporaryHome();
  const catalog = openCatalog(`${home}/connectors`);
  await catalog.create({
    id: '6ae1436b-1f32-419c-9b49-91968cdd8b26',
    name: NAME,
    type: 'aws',
    auth_method: 'profile',
    labels: {},
    config: { profile: 'dev', region: 'eu-west-1' },
    secret_fields: [],
    allow_unscoped: false,
    created_at: '2026-11-02T09:00:00Z',
    updated_at: '2026-11-02T09:00:00Z',
  });
  /** The next look at the catalog waits until it is let go. */
  const gates: Promise<void>[] = [];
  const service = {
    types: CONNECTOR_TYPES,
    store: await openStore('memory', {} as StoreOptions),
    catalog: {
      ...catalog,
      get: async (name: ConnectorName) => {
        const record = await catalog.get(name);
        await gates.shift();
        return record;
      },
    },
  };
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gates.push(promise);
    return resolve;
  };
  const tokens = createTokens(`${home}/tokens`, fakeClock());
  return { table: createWorkloadTable(service, tokens, 1000), tokens, hold };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

test('invariant 13: a look at the catalog that began before a reload does not undo it', async () => {
  const { table, tokens, hold } = await setup();
  await table.rebuild(ONE);
  const { token } = await tokens.load('one');
  const go = hold();
  const refreshed = table.refresh();
  await settled();
  const reloaded = table.rebuild(TWO);
  await settled();
  go();
  await Promise.all([refreshed, reloaded]);
  expect([...table.current().keys()]).toEqual(['two']);
  expect(tokens.workloadOf(token)).toBeUndefined();
});

test('a workload opened during a look at the catalog stays', async () => {
  const { table, tokens, hold } = await setup();
  const go = hold();
  const rebuilt = table.rebuild(ONE);
  await settled();
  const opened = table.open('unnamed', [{ connector: NAME }]);
  await settled();
  go();
  await Promise.all([rebuilt, opened]);
  expect([...table.current().keys()].toSorted()).toEqual(['one', 'unnamed']);
  const { token } = await tokens.load('unnamed');
  expect(tokens.workloadOf(token)).toBe('unnamed');
});

test('a failed step leaves the table as it was, and the next one works', async () => {
  const { table } = await setup();
  await table.rebuild(ONE);
  const missing = ConnectorName.parse('missing');
  await expect(table.open('unnamed', [{ connector: missing }])).rejects.toMatchObject({
    code: 'CONNECTOR_NOT_FOUND',
  });
  expect([...table.current().keys()]).toEqual(['one']);
  await table.rebuild(TWO);
  expect([...table.current().keys()]).toEqual(['two']);
});

test('invariant 8: unnamed workloads are bounded; the one opened longest ago goes, its secret with it', async () => {
  const { table, tokens } = await setup();
  await table.open('first', [{ connector: NAME }]);
  const { token } = await tokens.load('first');
  for (let i = 0; i < 256; i += 1) await table.open(`unnamed-${i}`, [{ connector: NAME }]);
  expect(table.current().size).toBe(256);
  expect(table.current().has('first')).toBe(false);
  expect(tokens.workloadOf(token)).toBeUndefined();
});

test('opening one again makes it the newest', async () => {
  const { table } = await setup();
  await table.open('first', [{ connector: NAME }]);
  for (let i = 0; i < 255; i += 1) await table.open(`unnamed-${i}`, [{ connector: NAME }]);
  await table.open('first', [{ connector: NAME }]);
  await table.open('last', [{ connector: NAME }]);
  expect(table.current().has('first')).toBe(true);
});
