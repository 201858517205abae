import { describe, expect, test } from 'vitest';

import azure from '../../../src/connectors/azure/index.ts';
import { azureIdentity, isAskable } from '../../../src/core/token-account.ts';
import type { ResourceRequest } from '../../../src/core/credential.ts';

const GENERIC = { type: 'azure-generic', access: 'full' } as const;
const BLOBS = { type: 'blob-container', id: 'az://acmedata/zenfiles', access: 'full' } as const;

function identity(
  config: Readonly<Record<string, unknown>>,
  resources: readonly ResourceRequest[] = [GENERIC],
  audiences?: readonly string[],
) {
  const account = azure.account?.({ method: 'service-principal', config, resources, audiences });
  const found = azureIdentity(account);
  if (found === undefined) throw new Error('no identity');
  return found;
}

const may = (found: ReturnType<typeof identity>, resource: string): boolean =>
  isAskable(found.askable, `${resource}/.default`);

const ARM_NAMES = [
  'https://management.azure.com',
  'https://management.azure.com/',
  'https://management.core.windows.net',
  'https://management.core.windows.net/',
  '797f4846-ba00-4fd7-ba43-dac1f8f63013',
];
const STORAGE_NAMES = [
  'https://storage.azure.com',
  'https://storage.azure.com/',
  'e406a681-f3d4-42a8-90b6-c2b029497af1',
  'https://acmedata.blob.core.windows.net',
  'https://acmedata.dfs.core.windows.net/',
  'https://acmelake.file.core.windows.net',
  'https://acmelake.queue.core.windows.net',
  'https://acmelake.table.core.windows.net/',
];
const OTHERS = [
  'https://vault.azure.net',
  'https://graph.microsoft.com',
  'https://management.azure.com.evil.com',
  'https://evil.com/.blob.core.windows.net',
  'https://a.b.blob.core.windows.net',
  'https://acmedata.web.core.windows.net',
];

describe('what clients may ask for', () => {
  test('anything, where nothing limits it', () => {
    expect(identity({}).askable).toBe('any');
  });

  test('Resource Manager by each of its names, and nothing else', () => {
    const found = identity({ audiences: ['https://management.azure.com/'] });
    expect(ARM_NAMES.filter((name) => !may(found, name))).toEqual([]);
    expect([...STORAGE_NAMES, ...OTHERS].filter((name) => may(found, name))).toEqual([]);
  });

  test('storage by each of its names and hosts, whichever of them is written', () => {
    for (const own of ['https://storage.azure.com', 'e406a681-f3d4-42a8-90b6-c2b029497af1']) {
      const found = identity({ audiences: [own] });
      expect(STORAGE_NAMES.filter((name) => !may(found, name))).toEqual([]);
      expect([...ARM_NAMES, ...OTHERS].filter((name) => may(found, name))).toEqual([]);
    }
  });

  test('a connector of one storage account: hosts of that one', () => {
    const config = { audiences: ['https://storage.azure.com/'], storage_account: 'acmedata' };
    const found = identity(config);
    expect(may(found, 'https://acmedata.blob.core.windows.net')).toBe(true);
    expect(may(found, 'https://acmelake.blob.core.windows.net')).toBe(false);
  });

  test('the audience of one account is not that of all', () => {
    const found = identity({ audiences: ['https://acmedata.blob.core.windows.net'] });
    expect(may(found, 'https://acmedata.blob.core.windows.net/')).toBe(true);
    expect(may(found, 'https://storage.azure.com')).toBe(false);
    expect(may(found, 'https://acmelake.blob.core.windows.net')).toBe(false);
  });

  test('an API of one’s own, with and without its slash', () => {
    const found = identity({ audiences: ['api://train'] });
    expect([may(found, 'api://train'), may(found, 'api://train/')]).toEqual([true, true]);
    expect(may(found, 'api://training')).toBe(false);
  });

  test('the names of another cloud of Microsoft’s', () => {
    const found = identity({
      environment: 'us-government',
      audiences: ['https://management.usgovcloudapi.net', 'https://storage.azure.com'],
    });
    expect(may(found, 'https://management.core.usgovcloudapi.net/')).toBe(true);
    expect(may(found, 'https://acmedata.blob.core.usgovcloudapi.net')).toBe(true);
    expect(may(found, 'https://management.azure.com/')).toBe(false);
    expect(may(found, 'https://acmedata.blob.core.windows.net')).toBe(false);
    expect(found.environment).toBe('AzureUSGovernmentCloud');
  });

  test('of a stored token: its own audience', () => {
    const found = identity({ audience: 'https://management.core.windows.net/' });
    expect(may(found, 'https://management.azure.com/')).toBe(true);
    expect(may(found, 'https://storage.azure.com')).toBe(false);
  });

  test('of a container: storage', () => {
    const found = identity({}, [BLOBS]);
    expect(STORAGE_NAMES.filter((name) => !may(found, name))).toEqual([]);
    expect([...ARM_NAMES, ...OTHERS].filter((name) => may(found, name))).toEqual([]);
  });
});

describe('what a grant limits', () => {
  const narrow = (scopes: readonly string[], config: Readonly<Record<string, unknown>> = {}) =>
    azure.resourceTypes['azure-generic']?.narrow({ ...GENERIC, scopes }, config);

  test('scopes, with or without their last part; Resource Manager is what clients get unasked', () => {
    expect(
      narrow(['https://graph.microsoft.com/.default', 'https://management.azure.com//.default']),
    ).toEqual({ audiences: ['https://management.azure.com/', 'https://graph.microsoft.com'] });
    expect(narrow(['https://graph.microsoft.com'])).toEqual({
      audiences: ['https://graph.microsoft.com'],
    });
    const found = identity({}, [{ ...GENERIC, scopes: ['https://graph.microsoft.com'] }]);
    expect(may(found, 'https://graph.microsoft.com/')).toBe(true);
    expect(may(found, 'https://management.azure.com/')).toBe(false);
  });

  test('the connector’s usual audience stays the usual one', () => {
    const audiences = ['https://storage.azure.com', 'https://management.azure.com/'];
    expect(narrow(audiences, { audiences })).toEqual({ audiences });
  });

  test('never more than the connector’s audiences, by any of their names', () => {
    const config = { audiences: ['https://storage.azure.com'] };
    expect(narrow(['https://acmedata.blob.core.windows.net/.default'], config)).toEqual({
      audiences: ['https://acmedata.blob.core.windows.net'],
    });
    expect(() => narrow(['https://vault.azure.net'], config)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_SCOPE' }),
    );
    const one = { audiences: ['https://acmedata.blob.core.windows.net'] };
    expect(() => narrow(['https://storage.azure.com'], one)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_SCOPE' }),
    );
  });

  test.each(['', ' ', 'a b', 'https://x/ https://y', '"', '*'])('%j is no scope', (scope) => {
    expect(() => narrow([scope])).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', subject: 'scopes' }),
    );
  });

  test('a container: the storage audiences among the connector’s, or none', () => {
    const type = azure.resourceTypes['blob-container'];
    expect(type?.narrow(BLOBS, {})).toEqual({ audiences: ['https://storage.azure.com'] });
    const audiences = ['https://management.azure.com/', 'https://acmedata.blob.core.windows.net/'];
    expect(type?.narrow(BLOBS, { audiences })).toEqual({ audiences: audiences.slice(1) });
    expect(() => type?.narrow(BLOBS, { audiences: audiences.slice(0, 1) })).toThrow(
      expect.objectContaining({ code: 'OUT_OF_SCOPE' }),
    );
  });

  test('audiences of identity tokens are refused: nothing would come of them', () => {
    expect(() => identity({}, [GENERIC], ['https://storage.azure.com'])).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', subject: 'audiences' }),
    );
  });

  test('grants together: all that any of them is for; one without limits, everything', () => {
    const limited = { ...GENERIC, scopes: ['https://vault.azure.net'] };
    const both = identity({}, [limited, BLOBS]);
    expect(may(both, 'https://vault.azure.net')).toBe(true);
    expect(may(both, 'https://storage.azure.com/')).toBe(true);
    expect(may(both, 'https://management.azure.com/')).toBe(false);
    expect(identity({}, [limited, GENERIC]).askable).toBe('any');
  });
});

test('whom clients are told they are', () => {
  const tenant = '11111111-1111-4111-8111-111111111111';
  const own = {
    tenant_id: tenant,
    client_id: '22222222-2222-4222-8222-222222222222',
    object_id: '33333333-3333-4333-8333-333333333333',
    subscription_id: '44444444-4444-4444-8444-444444444444',
    identity_resource_id:
      '/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i',
  };
  expect(identity(own)).toMatchObject({
    tenantId: tenant,
    clientId: own.client_id,
    objectId: own.object_id,
    subscriptionId: own.subscription_id,
    resourceId: own.identity_resource_id,
    environment: 'AzurePublicCloud',
    audiences: [],
  });
  expect(identity({ ...own, for_tenant: own.object_id }).tenantId).toBe(own.object_id);
  expect(identity({ tenant_id: 'organizations' }).tenantId).toMatch(/^[0-]+$/);
});
