import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { openInProcess } from '../../src/composition/in-process.ts';
import { testCloud } from '../support/cloud.ts';
import { temporaryHome } from '../support/home.ts';

async function setup() {
  const cloud = await testCloud();
  const home = await temporaryHome();
  const { api, stop } = await openInProcess({
    env: { ...cloud.env, VALETKEY_HOME: home, HOME: home },
    version: 'test',
    clock: cloud.clock,
    ephemeral: true,
  });
  onTestFinished(stop);
  const register = (name: string, more: object = {}) =>
    api.register({
      name,
      type: 'aws',
      auth_method: 'iam-role',
      attributes: cloud.roleAttributes,
      verify: false,
      ...more,
    });
  return { cloud, home, api, register, stop };
}

describe('invariant 9: no verb loses a secret', () => {
  test.each([true, false])('memory is no store to move secrets to (keep: %s)', async (keep) => {
    const { api } = await setup();
    const moved = api.migrateStore({ from: 'mounted-files', to: 'memory', keep });
    await expect(moved).rejects.toMatchObject({ code: 'INPUT_INVALID', subject: 'to' });
  });
});

describe('a hand-written or planted connector file', () => {
  const planted: readonly [string, string, string][] = [
    ['an alias to nothing', 'id: *x', 'alias'],
    ['not a map', '[]', 'expected'],
    ['nothing', '', 'expected'],
    ['a prototype’s key', '__proto__: { polluted: true }', 'expected'],
    ['NUL bytes', 'id: a\0b', 'UUID'],
    ['two documents', 'id: a\n---\nid: b', 'YAML'],
  ];
  test.each(planted)('%s is a row with its reason, the others go on', async (_, text, reason) => {
    const { api, home, register } = await setup();
    await register('good');
    await writeFile(join(home, 'connectors/bad.yaml'), text);
    const rows = await api.listConnectors({});
    expect(rows.map(({ name, error }) => [name, error?.code])).toEqual([
      ['bad', 'CATALOG_CORRUPT'],
      ['good', undefined],
    ]);
    expect(rows[0]?.error?.reason).toContain(reason);
    expect({}).not.toHaveProperty('polluted');
    expect((await api.remove({ name: 'bad' })).name).toBe('bad');
  });

  test('that is a folder or names another connector is a row, too', async () => {
    const { api, home, register } = await setup();
    await register('good');
    const text = await readFile(join(home, 'connectors/good.yaml'), 'utf8');
    await writeFile(join(home, 'connectors/other.yaml'), text);
    await mkdir(join(home, 'connectors/folder.yaml'));
    const rows = await api.listConnectors({});
    expect(rows.map(({ name, error }) => [name, error?.code])).toEqual([
      ['folder', 'CATALOG_CORRUPT'],
      ['good', undefined],
      ['other', 'CATALOG_CORRUPT'],
    ]);
  });

  test('invariant 2: with a lifetime too short to renew is not granted', async () => {
    const { api, home, register } = await setup();
    await register('good');
    const file = join(home, 'connectors/good.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, `${text}expiration_seconds: 900\n`);
    await expect(api.workloadProfiles({ grants: [{ connector: 'good' }] })).rejects.toMatchObject({
      code: 'LIFETIME_TOO_SHORT',
      subject: 'good',
    });
    await expect(
      api.workloadProfiles({ grants: [{ connector: 'good', seconds: 900 }] }),
    ).rejects.toMatchObject({ code: 'LIFETIME_TOO_SHORT', subject: 'good' });
    const { profiles } = await api.workloadProfiles({
      grants: [{ connector: 'good', seconds: 1_800 }],
    });
    expect(profiles[0]?.request.seconds).toBe(1_800);
  });
});

describe('names that mean something to JavaScript', () => {
  test('are labels, types, methods and fields like any other', async () => {
    const { api, register } = await setup();
    await register('constructor', { labels: { constructor: 'x' } });
    await register('plain');
    const found = await api.listConnectors({ labels: ['constructor'] });
    expect(found.map(({ name }) => name)).toEqual(['constructor']);
    expect(await api.listConnectors({ labels: ['toString'] })).toEqual([]);
    const wrong: readonly object[] = [
      { type: 'constructor' },
      { type: '__proto__' },
      { auth_method: 'constructor' },
      { resource_type: 'constructor' },
      { attributes: { constructor: 'x' } },
    ];
    for (const more of wrong) {
      await expect(register('bad', more)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    }
  });
});

describe('invariant 5: a connector for one prefix', () => {
  const outside = [
    { type: 's3-bucket', access: 'read' },
    { type: 's3-bucket', id: 's3://zenfiles', access: 'read' },
    { type: 's3-bucket', id: 's3://zenfiles/a', access: 'read' },
    { type: 's3-bucket', id: 's3://zenfiles/ab', access: 'read' },
    { type: 's3-bucket', id: 's3://zenfiles/../a/', access: 'read' },
    { type: 's3-bucket', id: 's3://zenfiles-evil/a/', access: 'read' },
    { type: 's3-bucket', id: 's3://zenfiles//a/', access: 'read' },
    { type: 's3-bucket', id: 's3://payroll/a/', access: 'read' },
    { type: 'aws-generic', access: 'full' },
    { type: 'aws-generic', id: 's3://zenfiles/a/', access: 'full' },
  ] as const;
  test.each(outside)('does not answer for $type $id', async (resource) => {
    const { api, register } = await setup();
    await register('a', { resource_type: 's3-bucket', resource_id: 's3://zenfiles/a/b' });
    const issued = api.issue({
      request: { connector: 'a', resources: [resource] },
      evidence: { workload: 'w', by: 'control', endpoint: 'exec' },
    });
    await expect(issued).rejects.toMatchObject({ code: 'OUT_OF_SCOPE' });
  });

  test('nor for a list with one resource outside', async () => {
    const { api, register } = await setup();
    await register('a', { resource_type: 's3-bucket', resource_id: 's3://zenfiles' });
    const inside = { type: 's3-bucket', id: 's3://zenfiles/x/', access: 'read' } as const;
    const issued = api.issue({
      request: { connector: 'a', resources: [inside, { ...inside, id: 's3://payroll' }] },
      evidence: { workload: 'w', by: 'control', endpoint: 'exec' },
    });
    await expect(issued).rejects.toMatchObject({ code: 'OUT_OF_SCOPE' });
  });
});

test('invariant 11: who asks over the control socket cannot put on record to be somebody else', async () => {
  const { api, home, register, stop } = await setup();
  await register('a');
  await api.issue({
    request: { connector: 'a', resources: [{ type: 'aws-generic', access: 'full' }] },
    evidence: {
      workload: 'prod',
      by: 'token',
      endpoint: 'exec',
      uid: 4_242,
      pid: 7,
      executable: '/usr/bin/trusted',
    },
  });
  await stop();
  const record: unknown = JSON.parse(await readFile(join(home, 'audit.jsonl'), 'utf8'));
  expect(record).toMatchObject({ by: 'control', uid: process.getuid?.(), pid: 7 });
  expect(record).not.toHaveProperty('executable');
});

test('a home whose lock cannot be taken is named', async () => {
  const { home, register } = await setup();
  await writeFile(join(home, 'write.lock'), 'no database, and no empty file either');
  await expect(register('a')).rejects.toMatchObject({
    code: 'CATALOG_WRITE_FAILED',
    subject: home,
  });
});
