import { readFile } from 'node:fs/promises';

import { ContainerSASPermissions, generateBlobSASQueryParameters } from '@azure/storage-blob';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openInProcess } from '../../../src/composition/in-process.ts';
import { resolvePaths } from '../../../src/config/paths.ts';
import type { Inputs } from '../../../src/control/schema.ts';
import {
  checkedAddresses,
  orderedPermissions,
  signSas,
} from '../../../src/connectors/azure/sas.ts';
import { secret } from '../../../src/core/secret.ts';
import type { Role } from '../../../src/stand-ins/azure/grants.ts';
import { testAzure } from '../../support/azure.ts';
import { temporaryHome } from '../../support/home.ts';
import { failureOf } from './bed.ts';

const ZENFILES = 'az://acmedata/zenfiles';

interface Setup {
  readonly account?: 'acmedata' | 'acmelake';
  readonly attributes?: Record<string, string>;
  readonly more?: object;
  readonly roles?: readonly Role[];
}

async function setup({ account = 'acmedata', attributes = {}, more, roles }: Setup = {}) {
  const world = await testAzure();
  const { azure, tenant, subscription } = world;
  const home = await temporaryHome();
  // An account's blobs are elsewhere only where its endpoint says so.
  const blob = { VALETKEY_AZURE_BLOB_ENDPOINT: azure.blobEndpoint(account) };
  const env = { ...world.env, ...blob, VALETKEY_HOME: home, HOME: home, VALETKEY_STORE: 'memory' };
  const { api, stop } = await openInProcess({ env, version: 'test', clock: world.clock });
  onTestFinished(stop);
  const app = azure.directory.addApp({ tenant: tenant.id, name: 'limited' });
  for (const role of roles ?? []) {
    azure.grants.grant(app.objectId, role, `/subscriptions/${subscription.id}`);
  }
  const own = {
    tenant_id: tenant.id,
    client_id: app.clientId,
    client_secret: app.addSecret().value,
  };
  await api.register({
    name: 'azure-dev',
    type: 'azure',
    auth_method: 'service-principal',
    attributes: { ...(roles === undefined ? world.secretAttributes : own), ...attributes },
    verify: false,
    ...more,
  });
  const sign = (ask: Partial<Inputs['sas']> = {}) =>
    api.sas({
      name: 'azure-dev',
      resource_id: ZENFILES,
      permissions: 'rl',
      seconds: 900,
      ...ask,
    });
  /** What storage says to whoever has nothing but the query. */
  const open = async (path: string, query: string, init?: RequestInit) => {
    const url = new URL(`${azure.blobEndpoint(account)}/${path}`);
    for (const [name, value] of new URLSearchParams(query)) url.searchParams.append(name, value);
    const answer = await fetch(url, init);
    return { status: answer.status, text: await answer.text() };
  };
  const audit = () => readFile(resolvePaths(env).audit, 'utf8');
  return { ...world, api, sign, open, audit };
}

const LIST = 'zenfiles?restype=container&comp=list';
const PUT = { method: 'PUT', body: 'two', headers: { 'x-ms-blob-type': 'BlockBlob' } };

describe('a signature for a container', () => {
  test('reads and lists it, writes nothing, opens nothing else, and ends in time', async () => {
    const { sign, open, clock } = await setup();
    const { query, ...shown } = await sign();
    expect(shown).toMatchObject({
      connector: 'azure-dev',
      resourceId: ZENFILES,
      permissions: 'rl',
    });
    expect(Date.parse(shown.expiresAt) - clock.now()).toBeGreaterThan(899_000 - 1_000);
    expect(Date.parse(shown.expiresAt) - clock.now()).toBeLessThanOrEqual(900_000);
    expect(await open('zenfiles/runs/1.txt', query)).toEqual({ status: 200, text: 'one' });
    expect((await open(LIST, query)).status).toBe(200);
    expect((await open('zenfiles/runs/2.txt', query, PUT)).status).toBe(403);
    expect((await open('models/any', query)).status).toBe(403);
    await clock.advance(900_000);
    const late = await open('zenfiles/runs/1.txt', query);
    expect(late.status).toBe(403);
    expect(late.text).toContain('not valid in the specified time frame');
  });

  test('whatever is changed in it, it is worth nothing', async () => {
    const { sign, open } = await setup();
    const { query } = await sign({ https_only: true });
    const changes = { sp: 'rwl', se: '2099-01-01T00:00:00Z', ske: '2099-01-01T00:00:00Z', sr: 'b' };
    for (const [name, value] of Object.entries(changes)) {
      const changed = new URLSearchParams(query);
      changed.set(name, value);
      expect([name, (await open('zenfiles/runs/1.txt', changed.toString())).status]).toEqual([
        name,
        403,
      ]);
    }
    expect((await open('zenfiles/runs/1.txt', query)).status).toBe(200);
  });

  test('letters in any order; writing where that is asked for', async () => {
    const { sign, open } = await setup();
    const { query, permissions } = await sign({ permissions: 'lwcr' });
    expect(permissions).toBe('rcwl');
    expect((await open('zenfiles/runs/2.txt', query, PUT)).status).toBe(201);
  });

  test('bound to addresses', async () => {
    const { sign, open } = await setup();
    const here = await sign({ ip: '127.0.0.1' });
    expect((await open('zenfiles/runs/1.txt', here.query)).status).toBe(200);
    const range = await sign({ ip: '127.0.0.0-127.0.0.9' });
    expect((await open('zenfiles/runs/1.txt', range.query)).status).toBe(200);
    const there = await sign({ ip: '203.0.113.7' });
    const refused = await open('zenfiles/runs/1.txt', there.query);
    expect(refused.text).toContain('AuthorizationSourceIPMismatch');
  });

  test('seven days are the longest, and the key lives as long', async () => {
    const { sign, open, clock } = await setup();
    const { query } = await sign({ seconds: 604_800 });
    await clock.advance(604_790_000);
    expect((await open('zenfiles/runs/1.txt', query)).status).toBe(200);
    for (const seconds of [59, 604_801]) {
      expect(await failureOf(sign({ seconds }))).toMatchObject({
        code: 'INPUT_INVALID',
        subject: 'seconds',
      });
    }
  });

  test('dead when the account’s keys are revoked', async () => {
    const { sign, open, azure } = await setup();
    const { query } = await sign();
    azure.delegationKeys.revoke('acmedata');
    expect((await open('zenfiles/runs/1.txt', query)).status).toBe(403);
  });
});

describe('a signature for a directory', () => {
  test('where directories are real: that one and what is below', async () => {
    const { sign, open } = await setup({ account: 'acmelake' });
    const { query, resourceId } = await sign({ resource_id: 'az://acmelake/payroll/2026/' });
    expect(resourceId).toBe('az://acmelake/payroll/2026');
    expect(new URLSearchParams(query).get('sdd')).toBe('1');
    expect(await open('payroll/2026/june.csv', query)).toEqual({ status: 200, text: 'secret' });
    expect((await open('payroll/2025/june.csv', query)).status).toBe(403);
  });

  test('elsewhere refused with the reason, and before a key is asked for', async () => {
    const { sign, azure } = await setup();
    const error = await failureOf(sign({ resource_id: `${ZENFILES}/runs` }));
    expect(error).toMatchObject({ code: 'INPUT_INVALID', subject: 'resource_id' });
    expect(error.reason).toContain('no hierarchical namespace');
    expect(azure.calls.all()['blob:user-delegation-key']).toBeUndefined();
  });

  test('where nobody can tell: refused', async () => {
    const { sign } = await setup({ roles: ['Storage Blob Data Reader'], account: 'acmelake' });
    const error = await failureOf(sign({ resource_id: 'az://acmelake/payroll/2026' }));
    expect(error.reason).toContain('shows no storage account acmelake');
  });
});

describe('what is refused', () => {
  test.each([
    [{ permissions: '' }, 'permissions'],
    [{ permissions: 'rr' }, 'permissions'],
    [{ permissions: 'rz' }, 'permissions'],
    [{ ip: '::1' }, 'ip'],
    [{ ip: '10.0.0.9-10.0.0.1' }, 'ip'],
    [{ ip: '10.0.0.1&sp=racwdl' }, 'ip'],
    [{ resource_id: 'zenfiles' }, 'resource_id'],
    [{ resource_id: `${ZENFILES}/../models` }, 'resource_id'],
  ])('%j', async (ask, subject) => {
    const { sign, azure } = await setup();
    const before = Object.keys(azure.calls.all()).length;
    expect(await failureOf(sign(ask))).toMatchObject({ code: 'INPUT_INVALID', subject });
    expect(Object.keys(azure.calls.all())).toHaveLength(before);
  });

  test('another container than the connector is registered for', async () => {
    const { sign } = await setup({
      more: { resource_type: 'blob-container', resource_id: ZENFILES },
    });
    expect((await sign()).resourceId).toBe(ZENFILES);
    const other = sign({ resource_id: 'az://acmedata/models' });
    expect(await failureOf(other)).toMatchObject({ code: 'OUT_OF_SCOPE' });
  });

  test('a connector whose tokens are not for storage', async () => {
    const { sign } = await setup({ attributes: { audiences: 'https://management.azure.com/' } });
    expect(await failureOf(sign())).toMatchObject({ code: 'OUT_OF_SCOPE' });
  });

  test('an identity without the role', async () => {
    const { sign } = await setup({ roles: ['Reader'] });
    const error = await failureOf(sign());
    expect(error).toMatchObject({ code: 'UPSTREAM_DENIED' });
    expect(error.hint).toContain('Storage Blob Delegator');
  });

  test('a key that cannot be understood', async () => {
    const { sign, azure } = await setup();
    azure.faults.add('blob:*', { kind: 'body', body: 'malformed' });
    expect(await failureOf(sign())).toMatchObject({ code: 'UPSTREAM_MALFORMED' });
  });

  test('a connector of another cloud', async () => {
    const { api } = await setup();
    await api.register({
      name: 'aws-dev',
      type: 'aws',
      auth_method: 'secret-key',
      attributes: {
        aws_access_key_id: `AKIA${'A'.repeat(16)}`,
        aws_secret_access_key: 'x'.repeat(40),
        region: 'eu-central-1',
      },
      allow_unscoped: true,
      verify: false,
    });
    const ask = { name: 'aws-dev', resource_id: ZENFILES, permissions: 'r', seconds: 900 };
    expect(await failureOf(api.sas(ask))).toMatchObject({ code: 'INPUT_INVALID' });
  });
});

test('the trail has its id, what it allows and for how long, and not the signature', async () => {
  const { sign, audit } = await setup();
  const { query, id, expiresAt } = await sign({ ip: '127.0.0.1', https_only: true });
  const text = await audit();
  expect(text.trim().split('\n')).toHaveLength(1);
  const record: unknown = JSON.parse(text);
  expect(record).toMatchObject({
    workload: 'cli',
    by: 'control',
    connector: 'azure-dev',
    credentialId: id,
    resources: [{ type: 'blob-container', id: ZENFILES, access: 'read' }],
    scopes: ['sp=rl', 'sip=127.0.0.1', 'spr=https'],
  });
  expect(text).toContain(expiresAt.slice(0, 19));
  const sig = new URLSearchParams(query).get('sig') ?? '';
  expect(sig).toHaveLength(44);
  expect(text).not.toContain(sig);
  expect(text).not.toContain(encodeURIComponent(sig));
});

test.each([
  { permissions: 'r', ip: undefined, httpsOnly: false },
  { permissions: 'racwdl', ip: '10.0.0.1-10.0.0.9', httpsOnly: true },
])('Microsoft’s own library signs the same: %j', ({ permissions, ip, httpsOnly }) => {
  const expiry = '2026-11-26T18:00:00Z';
  const start = '2026-11-26T17:00:00Z';
  const ids = { objectId: '3'.repeat(8), tenantId: '4'.repeat(8) };
  const value = Buffer.alloc(32, 7).toString('base64');
  const { query } = signSas({
    path: { account: 'acmedata', container: 'zenfiles', directory: undefined },
    permissions,
    expiry,
    ip,
    httpsOnly,
    version: '2023-11-03',
    key: { ...ids, start, expiry, service: 'b', version: '2023-11-03', value: secret(value) },
  });
  const [first = '', last] = ip?.split('-') ?? [];
  const theirs = generateBlobSASQueryParameters(
    {
      containerName: 'zenfiles',
      permissions: ContainerSASPermissions.parse(permissions),
      expiresOn: new Date(expiry),
      version: '2023-11-03',
      ...(ip === undefined
        ? {}
        : { ipRange: { start: first, ...(last === undefined ? {} : { end: last }) } }),
      ...(httpsOnly ? { protocol: 'https' as never } : {}),
    },
    {
      signedObjectId: ids.objectId,
      signedTenantId: ids.tenantId,
      signedStartsOn: new Date(start),
      signedExpiresOn: new Date(expiry),
      signedService: 'b',
      signedVersion: '2023-11-03',
      value,
    },
    'acmedata',
  );
  const fields = (text: string) => Object.fromEntries(new URLSearchParams(text));
  expect(fields(query.reveal())).toEqual(fields(theirs.toString()));
});

test('a directory has fewer letters than a container', () => {
  const path = { account: 'acmelake', container: 'payroll', directory: '2026' };
  expect(orderedPermissions('lr', path)).toBe('rl');
  expect(() => orderedPermissions('t', path)).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID', subject: 'permissions' }),
  );
  expect(orderedPermissions('t', { ...path, directory: undefined })).toBe('t');
  expect(checkedAddresses('10.0.0.1')).toBe('10.0.0.1');
});
