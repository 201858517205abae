import { onTestFinished, expect, test } from 'vitest';
import { startIdentityServer } from '../../../src/stand-ins/azure/identity/server.ts';
import { ARM, claimsOf, startBed, textOf } from './setup.ts';
import type { Answer } from './setup.ts';

const METADATA = { metadata: 'true' };
const VERSION = 'api-version=2018-02-01';
const RESOURCE = `resource=${encodeURIComponent(`${ARM}/`)}`;

async function machineBed() {
  const bed = await startBed();
  const machine = await startIdentityServer(bed.azure, { clock: bed.clock });
  onTestFinished(() => machine.stop());
  const system = machine.identities.assign({ name: 'vm1', tenant: bed.tenant.id });
  const imds = (query: string, headers: Record<string, string> = METADATA, method = 'GET') =>
    bed.send(`${machine.url}/metadata/identity/oauth2/token?${query}`, { method, headers });
  const endpoint = machine.variables.appService['IDENTITY_ENDPOINT'] ?? '';
  const secret = machine.variables.appService['IDENTITY_HEADER'] ?? '';
  const appService = (query: string, header = secret) =>
    bed.send(`${endpoint}?${query}`, { headers: { 'X-IDENTITY-HEADER': header } });
  return { ...bed, machine, system, imds, appService };
}

const said = ({ status, body }: Answer): string =>
  `${status} ${String(body['error'] ?? body['statusCode'])}`;

test('IMDS gives the system identity a token of a day, every scalar a string', async () => {
  const bed = await machineBed();
  const { status, body } = await bed.imds(`${VERSION}&${RESOURCE}`);
  expect(status).toBe(200);
  expect(Object.values(body).every((value) => typeof value === 'string')).toBe(true);
  expect(body).toMatchObject({
    client_id: bed.system.clientId,
    expires_in: '86399',
    expires_on: String(bed.seconds(86_399)),
    resource: `${ARM}/`,
    token_type: 'Bearer',
  });
  const claims = claimsOf(String(body['access_token']));
  expect(claims).toMatchObject({
    aud: `${ARM}/`,
    oid: bed.system.objectId,
    xms_mirid: bed.system.resourceId,
  });
  const { id } = bed.azure.estate.addSubscription({ tenant: bed.tenant.id, name: 'Data' });
  bed.azure.grants.grant(bed.system.objectId, 'Reader', `/subscriptions/${id}`);
  const listed = await bed.get(
    '/subscriptions?api-version=2022-12-01',
    String(body['access_token']),
  );
  expect(listed.text).toContain(id);
});

test('identities go by client id, object id and resource id, one of them', async () => {
  const bed = await machineBed();
  const own = bed.machine.identities.assign({ name: 'job', tenant: bed.tenant.id, kind: 'user' });
  const ask = (more: string) => bed.imds(`${VERSION}&${RESOURCE}&${more}`);
  for (const more of [
    `client_id=${own.clientId.toUpperCase()}`,
    `object_id=${own.objectId}`,
    `msi_res_id=${encodeURIComponent(own.resourceId)}`,
    `mi_res_id=${encodeURIComponent(own.resourceId)}`,
  ]) {
    expect(textOf(await ask(more), 'client_id')).toBe(own.clientId);
  }
  const unknown = await ask('client_id=00000000-0000-0000-0000-000000000000');
  expect(said(unknown)).toBe('400 invalid_request');
  expect(unknown.text).toContain('Identity not found');
  const two = await ask(`client_id=${own.clientId}&object_id=${own.objectId}`);
  expect(said(two)).toBe('400 invalid_request');
  bed.machine.identities.remove(bed.system);
  expect(textOf(await bed.imds(`${VERSION}&${RESOURCE}`), 'client_id')).toBe(own.clientId);
  bed.machine.identities.assign({ name: 'two', tenant: bed.tenant.id, kind: 'user' });
  expect((await bed.imds(`${VERSION}&${RESOURCE}`)).text).toContain('Multiple user assigned');
});

test.each<[string, string, Record<string, string>, string]>([
  ['without the header', `${VERSION}&${RESOURCE}`, {}, '400 bad_request_102'],
  ['with another header', `${VERSION}&${RESOURCE}`, { metadata: 'True' }, '400 bad_request_102'],
  [
    'that was forwarded',
    `${VERSION}&${RESOURCE}`,
    { ...METADATA, 'x-forwarded-for': '1.2.3.4' },
    '400 bad_request',
  ],
  ['without a version', RESOURCE, METADATA, '400 invalid_request'],
  ['of no version', `api-version=2017-01-01&${RESOURCE}`, METADATA, '400 invalid_request'],
  ['without a resource', VERSION, METADATA, '400 invalid_request'],
  ['with two resources', `${VERSION}&${RESOURCE}&${RESOURCE}`, METADATA, '400 invalid_request'],
  ['for a scope', `${VERSION}&resource=${ARM}/.default`, METADATA, '400 invalid_resource'],
])('IMDS refuses a request %s', async (_, query, headers, expected) => {
  const bed = await machineBed();
  expect(said(await bed.imds(query, headers))).toBe(expected);
});

test('IMDS is only for reading', async () => {
  const bed = await machineBed();
  const answer = await bed.imds(`${VERSION}&${RESOURCE}`, METADATA, 'POST');
  expect(said(answer)).toBe('405 method_not_allowed');
});

test('App Service wants its secret and its version', async () => {
  const bed = await machineBed();
  const good = `api-version=2019-08-01&${RESOURCE}`;
  const { body } = await bed.appService(good);
  expect(body).toMatchObject({
    expires_on: String(bed.seconds(86_399)),
    resource: `${ARM}/`,
    token_type: 'Bearer',
  });
  expect(said(await bed.appService(good, 'wrong'))).toBe('401 401');
  expect(said(await bed.appService(`${VERSION}&${RESOURCE}`))).toBe('400 400');
  expect(said(await bed.appService('api-version=2019-08-01'))).toBe('400 400');
  const named = await bed.appService(`${good}&principal_id=${bed.system.objectId}`);
  expect(named.status).toBe(200);
  const unknown = await bed.appService(`${good}&client_id=${bed.app.clientId}`);
  expect(said(unknown)).toBe('400 400');
  expect(unknown.text).toContain('No User Assigned');
});

test('its faults are its own', async () => {
  const bed = await machineBed();
  bed.machine.faults.add('identity:imds', { kind: 'error', status: 429, retryAfterSeconds: 7 }, 1);
  const slow = await bed.imds(`${VERSION}&${RESOURCE}`);
  expect(said(slow)).toBe('429 too_many_requests');
  expect(slow.headers.get('retry-after')).toBe('7');
  expect((await bed.imds(`${VERSION}&${RESOURCE}`)).status).toBe(200);
  expect(bed.machine.calls.count('identity:imds')).toBe(2);
  expect(bed.azure.calls.all()).toEqual({});
});
