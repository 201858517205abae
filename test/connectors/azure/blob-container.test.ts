import { describe, expect, onTestFinished, test } from 'vitest';

import { openInProcess } from '../../../src/composition/in-process.ts';
import type { Role } from '../../../src/stand-ins/azure/grants.ts';
import { testAzure, type TestAzure } from '../../support/azure.ts';
import { temporaryHome } from '../../support/home.ts';
import { failureOf } from './bed.ts';

type Roles = (world: TestAzure) => readonly (readonly [Role, string])[];

interface Setup {
  readonly attributes?: (world: TestAzure) => Record<string, string>;
  /** Of an application of its own, with no others; absent: one that may do everything. */
  readonly roles?: Roles;
  readonly more?: object;
}

/** A connector of the small Azure, through every verb as a person has them. */
async function setup({ attributes, roles, more }: Setup = {}) {
  const world = await testAzure();
  const home = await temporaryHome();
  const env = { ...world.env, VALETKEY_HOME: home, HOME: home, VALETKEY_STORE: 'memory' };
  const { api, stop } = await openInProcess({ env, version: 'test', clock: world.clock });
  onTestFinished(stop);
  await api.register({
    name: 'azure-dev',
    type: 'azure',
    auth_method: 'service-principal',
    attributes: {
      ...(roles === undefined ? world.secretAttributes : limited(world, roles)),
      ...attributes?.(world),
    },
    verify: false,
    ...more,
  });
  const list = () =>
    api.listResources({ name: 'azure-dev', resource_type: 'blob-container' }).then(([row]) => row);
  return { ...world, api, list };
}

function limited(world: TestAzure, roles: Roles): Record<string, string> {
  const { azure, tenant } = world;
  const app = azure.directory.addApp({ tenant: tenant.id, name: 'limited' });
  for (const [role, scope] of roles(world)) azure.grants.grant(app.objectId, role, scope);
  return { tenant_id: tenant.id, client_id: app.clientId, client_secret: app.addSecret().value };
}

const oneAccount = ({ azure }: TestAzure) => ({
  storage_account: 'acmedata',
  blob_endpoint: azure.blobEndpoint('acmedata'),
});

const EVERYTHING = ['az://acmedata/models', 'az://acmedata/zenfiles', 'az://acmelake/payroll'];

describe('listing', () => {
  test('every container of every account that Resource Manager shows, page by page', async () => {
    const { list, azure, subscription } = await setup();
    expect((await list())?.resourceIds).toEqual(EVERYTHING);
    for (const name of ['third', 'fourth', 'fifth']) {
      azure.estate.addStorageAccount({ name, subscription: subscription.id });
      for (const box of ['aaa', 'bbb', 'ccc', 'ddd', 'eee'])
        azure.blobs.add({ account: name, name: box });
    }
    const row = await list();
    expect(row?.resourceIds).toHaveLength(EVERYTHING.length + 15);
    expect(row?.error).toBeUndefined();
    expect(new Set(row?.resourceIds).size).toBe(row?.resourceIds.length);
  });

  test('an account that refuses does not keep back the others: ids and an error, side by side', async () => {
    const { api, list } = await setup({
      roles: ({ subscription, accounts }) => [
        ['Reader', `/subscriptions/${subscription.id}`],
        ['Storage Blob Data Reader', accounts.lake.id],
      ],
    });
    const row = await list();
    expect(row?.resourceIds).toEqual(['az://acmelake/payroll']);
    expect(row?.error).toMatchObject({
      code: 'UPSTREAM_DENIED',
      subject: 'acmedata',
      reason: '1 of 2 storage accounts could not be listed',
    });
    const verified = await api.verify({ name: 'azure-dev', resource_type: 'blob-container' });
    expect(verified.resources[0]?.resourceIds).toEqual(['az://acmelake/payroll']);
  });

  test('when every account refuses, it is a failure', async () => {
    const { list } = await setup({
      roles: ({ subscription }) => [['Reader', `/subscriptions/${subscription.id}`]],
    });
    const error = await failureOf(list());
    expect(error).toMatchObject({ code: 'UPSTREAM_DENIED' });
    expect(error.hint).toContain('Storage Blob Data Reader');
  });

  test('a connector of one account asks Resource Manager nothing', async () => {
    const { list, azure } = await setup({ attributes: oneAccount });
    expect((await list())?.resourceIds).toEqual(['az://acmedata/models', 'az://acmedata/zenfiles']);
    expect(Object.keys(azure.calls.all()).filter((name) => name.startsWith('arm:'))).toEqual([]);
  });

  test('one resource group', async () => {
    const { list, azure, subscription } = await setup({
      attributes: () => ({ resource_group: 'Special' }),
    });
    const into = { subscription: subscription.id, resourceGroup: 'special' };
    azure.estate.addStorageAccount({ name: 'inspecial', ...into });
    azure.blobs.add({ account: 'inspecial', name: 'box' });
    expect((await list())?.resourceIds).toEqual(['az://inspecial/box']);
  });

  test('a connector that may not ask Resource Manager is told what to do', async () => {
    const { list } = await setup({
      attributes: () => ({ audiences: 'https://storage.azure.com' }),
    });
    const error = await failureOf(list());
    expect(error).toMatchObject({ code: 'OUT_OF_SCOPE' });
    expect(error.hint).toContain('storage_account');
  });

  test('a connector that is for containers alone still finds them', async () => {
    const { list } = await setup({ more: { resource_type: 'blob-container' } });
    expect((await list())?.resourceIds).toEqual(EVERYTHING);
  });

  test('a list that is none is refused, and a next page elsewhere is not asked', async () => {
    const { list, azure, subscription } = await setup();
    const undo = azure.faults.add('blob:containers.list', { kind: 'body', body: 'html' });
    expect(await failureOf(list())).toMatchObject({ code: 'UPSTREAM_MALFORMED' });
    undo();
    for (const name of ['third', 'fourth']) {
      azure.estate.addStorageAccount({ name, subscription: subscription.id });
    }
    azure.faults.add('arm:storage-accounts.list', {
      kind: 'field',
      name: 'nextLink',
      value: 'https://evil.example/subscriptions',
    });
    const error = await list();
    expect(error?.error ?? (await failureOf(Promise.reject(error)))).toMatchObject({
      code: 'UPSTREAM_MALFORMED',
      reason: 'the next page is elsewhere',
    });
  });
});

describe('verification', () => {
  test('lists one blob of the container', async () => {
    const { api, azure } = await setup({ attributes: oneAccount });
    const verify = (resource_id: string) => api.verify({ name: 'azure-dev', resource_id });
    const good = await verify('https://acmedata.blob.core.windows.net/zenfiles');
    expect(good.resources[0]?.resourceIds).toEqual(['az://acmedata/zenfiles']);
    expect((await verify('models')).resources[0]?.resourceIds).toEqual(['az://acmedata/models']);
    expect(azure.calls.all()['blob:blobs.list']).toBe(2);
    expect(await failureOf(verify('nothing'))).toMatchObject({
      code: 'UPSTREAM_INVALID',
      upstreamCode: 'ContainerNotFound',
    });
    expect(await failureOf(verify('az://acmelake/payroll'))).toMatchObject({
      code: 'INPUT_INVALID',
      subject: 'resource_id',
    });
  });

  test('of a container that the identity has no role for', async () => {
    const { api } = await setup({
      attributes: oneAccount,
      roles: ({ accounts }) => [
        [
          'Storage Blob Data Reader',
          `${accounts.data.id}/blobServices/default/containers/zenfiles`,
        ],
      ],
    });
    const verify = (resource_id: string) => api.verify({ name: 'azure-dev', resource_id });
    expect((await verify('zenfiles')).resources[0]?.error).toBeUndefined();
    const error = await failureOf(verify('models'));
    expect(error).toMatchObject({
      code: 'UPSTREAM_DENIED',
      upstreamCode: 'AuthorizationPermissionMismatch',
    });
    expect(error.hint).toContain('Storage Blob Data Reader');
  });

  test('of any resource: Resource Manager takes the token, or says why not', async () => {
    const { api, azure } = await setup();
    await api.verify({ name: 'azure-dev', resource_type: 'azure-generic' });
    expect(azure.calls.all()['arm:subscriptions.list']).toBe(1);
    azure.faults.add('arm:*', { kind: 'error', status: 429, code: 'TooManyRequests' });
    const again = api.verify({ name: 'azure-dev', resource_type: 'azure-generic' });
    expect(await failureOf(again)).toMatchObject({ code: 'UPSTREAM_THROTTLED' });
  });
});
