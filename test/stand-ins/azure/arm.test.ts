import { request } from 'node:http';
import { expect, test } from 'vitest';
import { ARM, refusalOf, startBed, STORAGE } from './setup.ts';
import type { Answer } from './setup.ts';

const VERSION = 'api-version=2022-12-01';

async function armBed() {
  const bed = await startBed();
  const { estate, grants } = bed.azure;
  const subscription = estate.addSubscription({ tenant: bed.tenant.id, name: 'Data' });
  const names = ['acme1', 'acme2', 'acme3'];
  const accounts = names.map((name) =>
    estate.addStorageAccount({ name, subscription: subscription.id }),
  );
  const scope = `/subscriptions/${subscription.id}`;
  const storage = `${scope}/providers/Microsoft.Storage/storageAccounts?${VERSION}`;
  return { ...bed, estate, grants, subscription, accounts, scope, storage };
}

const named = ({ body }: Answer, field: string): unknown[] =>
  (body['value'] as Record<string, unknown>[]).map((one) => one[field]);

test('subscriptions are those of the tenant in which some role is held', async () => {
  const bed = await armBed();
  const other = bed.azure.directory.addTenant({ domain: 'other.example' });
  const foreign = bed.estate.addSubscription({ tenant: other.id, name: 'Foreign' });
  bed.grants.grant(bed.app.objectId, 'Reader', `/subscriptions/${foreign.id}`);
  const token = await bed.token();
  const list = () => bed.get(`/subscriptions?${VERSION}`, token);
  expect(named(await list(), 'displayName')).toEqual([]);
  const take = bed.grants.grant(
    bed.app.objectId,
    'Storage Blob Data Reader',
    bed.accounts[0]?.id ?? '',
  );
  expect(named(await list(), 'subscriptionId')).toEqual([bed.subscription.id]);
  take();
  expect(named(await list(), 'displayName')).toEqual([]);
  const wrong = await bed.get(`/subscriptions/${foreign.id}?${VERSION}`, token);
  expect(refusalOf(wrong)).toBe('401 InvalidAuthenticationTokenTenant');
});

test('storage accounts come in pages, as far as the role reaches', async () => {
  const bed = await armBed();
  const token = await bed.token(`${ARM}/`);
  expect(refusalOf(await bed.get(bed.storage, token))).toBe('403 AuthorizationFailed');
  const take = bed.grants.grant(bed.app.objectId, 'Reader', bed.accounts[1]?.id ?? '');
  expect(named(await bed.get(bed.storage, token), 'name')).toEqual(['acme2']);
  take();
  bed.grants.grant(bed.app.objectId, 'Storage Blob Data Owner', bed.scope);
  expect(named(await bed.get(bed.storage, token), 'name')).toEqual([]);
  bed.grants.grant(bed.app.objectId, 'Reader', bed.scope.toUpperCase());
  const first = await bed.get(bed.storage, token);
  expect(named(first, 'name')).toEqual(['acme1', 'acme2']);
  const second = await bed.get(String(first.body['nextLink']), token);
  expect(named(second, 'name')).toEqual(['acme3']);
  expect(second.body).not.toHaveProperty('nextLink');
  expect(second.body['value']).toMatchObject([
    { properties: { primaryEndpoints: { blob: `${bed.azure.url}/acme3/` } } },
  ]);
});

test('a tenant is told, and a subscription that is not there', async () => {
  const bed = await armBed();
  const token = await bed.token();
  expect(named(await bed.get(`/tenants?${VERSION}`, token), 'tenantId')).toEqual([bed.tenant.id]);
  const none = await bed.get(
    `/subscriptions/00000000-0000-0000-0000-000000000009?${VERSION}`,
    token,
  );
  expect(refusalOf(none)).toBe('404 SubscriptionNotFound');
});

test('a token that is none, for another service, over or expired early is refused', async () => {
  const bed = await armBed();
  const ask = (token?: string) => bed.get(`/subscriptions?${VERSION}`, token);
  const missing = await ask();
  expect(refusalOf(missing)).toBe('401 AuthenticationFailed');
  expect(missing.headers.get('www-authenticate')).toContain('Bearer authorization_uri=');
  expect(refusalOf(await ask('nonsense'))).toBe('401 InvalidAuthenticationToken');
  expect(refusalOf(await ask(await bed.token(STORAGE)))).toBe(
    '401 InvalidAuthenticationTokenAudience',
  );
  const token = await bed.token();
  const forged = await ask(`${token.slice(0, -8)}AAAAAAAA`);
  expect(refusalOf(forged)).toBe('401 InvalidAuthenticationToken');
  expect(forged.text).toContain('invalid signature');
  expect((await ask(token)).status).toBe(200);
  await bed.clock.advance(5401_000);
  expect(refusalOf(await ask(token))).toBe('401 ExpiredAuthenticationToken');
  const fresh = await bed.token();
  bed.azure.tokens.expire(fresh);
  expect(refusalOf(await ask(fresh))).toBe('401 InvalidAuthenticationToken');
});

test('an api-version must be there and look like one', async () => {
  const bed = await armBed();
  const token = await bed.token();
  expect(refusalOf(await bed.get('/subscriptions', token))).toBe('400 MissingApiVersionParameter');
  expect(refusalOf(await bed.get('/subscriptions?api-version=1', token))).toBe(
    '400 InvalidApiVersionParameter',
  );
});

/** As a client whose hosts file leads a public name here. */
function asHost(url: string, host: string, path: string, token: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { host, authorization: `Bearer ${token}`, 'x-ms-version': '2024-11-04' };
    const sent = request(`${url}${path}`, { headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve(text));
    });
    sent.on('error', reject).end();
  });
}

test('whoever asks by a public name is told public names', async () => {
  const bed = await armBed();
  bed.grants.grant(bed.app.objectId, 'Reader', bed.scope);
  bed.grants.grant(bed.app.objectId, 'Storage Blob Data Reader', bed.scope);
  const listed = await asHost(
    bed.azure.url,
    'management.azure.com',
    bed.storage,
    await bed.token(),
  );
  expect(listed).toContain('"blob":"https://acme1.blob.core.windows.net/"');
  expect(listed).toContain('"nextLink":"https://management.azure.com/subscriptions/');
  bed.azure.blobs.add({ account: 'acme1', name: 'alpha' });
  const host = 'acme1.blob.core.windows.net';
  const containers = await asHost(bed.azure.url, host, '/?comp=list', await bed.token(STORAGE));
  expect(containers).toContain('<Name>alpha</Name>');
  const metadata = await asHost(
    bed.azure.url,
    'login.microsoftonline.com',
    `/${bed.tenant.id}/v2.0/.well-known/openid-configuration`,
    'x',
  );
  expect(metadata).toContain(
    `"token_endpoint":"https://login.microsoftonline.com/${bed.tenant.id}/oauth2/v2.0/token"`,
  );
});
