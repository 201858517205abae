import { createPublicKey, verify } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { ARM, claimsOf, refusalOf, startBed, textOf } from './setup.ts';

test('a secret gives a signed token for exactly the resource that was asked for', async () => {
  const bed = await startBed();
  for (const [scope, aud] of [
    [`${ARM}/.default`, ARM],
    [`${ARM}//.default`, `${ARM}/`],
    ['6dae42f8-4368-4678-94ff-3960e28e3630/.default', '6dae42f8-4368-4678-94ff-3960e28e3630'],
    ['https://acme1.blob.core.windows.net/.default', 'https://acme1.blob.core.windows.net'],
  ]) {
    const answer = await bed.withSecret({ scope: scope ?? '' });
    expect(answer.status).toBe(200);
    const claims = claimsOf(textOf(answer, 'access_token'));
    expect(claims).toMatchObject({
      aud,
      iss: `https://sts.windows.net/${bed.tenant.id}/`,
      tid: bed.tenant.id,
      oid: bed.app.objectId,
      sub: bed.app.objectId,
      appid: bed.app.clientId,
      idtyp: 'app',
      ver: '1.0',
    });
    const life = answer.body['expires_in'];
    expect(life).toBeTypeOf('number');
    expect(claims['exp']).toBe(bed.seconds(Number(life)));
    expect(claims['nbf']).toBeLessThan(bed.seconds());
    expect(life).toBeGreaterThanOrEqual(3600);
    expect(life).toBeLessThanOrEqual(5400);
  }
});

test('lifetimes differ, and the same seed gives the same ones', async () => {
  const lives = async (seed: number) => {
    const bed = await startBed({ seed });
    const answers = await Promise.all([1, 2, 3, 4].map(() => bed.withSecret()));
    return answers.map(({ body }) => Number(body['expires_in'])).toSorted((a, b) => a - b);
  };
  const first = await lives(7);
  expect(new Set(first).size).toBeGreaterThan(1);
  expect(await lives(7)).toEqual(first);
  expect(await lives(8)).not.toEqual(first);
});

test('the token is signed by a key of the published set', async () => {
  const bed = await startBed();
  const [head = '', body = '', signature = ''] = (await bed.token()).split('.');
  const { keys } = (await bed.get(`/${bed.tenant.id}/discovery/v2.0/keys`)).body as {
    keys: (JsonWebKey & { kid: string })[];
  };
  const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string };
  const key = keys.find((one) => one.kid === kid);
  if (key === undefined) throw new Error('no such key');
  const fits = verify(
    'sha256',
    Buffer.from(`${head}.${body}`),
    createPublicKey({ key, format: 'jwk' }),
    Buffer.from(signature, 'base64url'),
  );
  expect(fits).toBe(true);
});

test('the tenant goes by its domain too, and the endpoint with a slash at its end', async () => {
  const bed = await startBed();
  expect((await bed.withSecret({}, 'Example.COM')).status).toBe(200);
  const path = `/${bed.tenant.id}/oauth2/v2.0/token/`;
  const answer = await bed.form(path, bed.credentials({ client_secret: bed.secret.value }));
  expect(answer.status).toBe(200);
});

test.each([
  ['a wrong secret', { client_secret: 'nonsense' }, '401 invalid_client AADSTS7000215'],
  ['no secret at all', { client_secret: '' }, '401 invalid_client AADSTS7000218'],
  ['an unknown app', { client_id: 'b1' }, '400 unauthorized_client AADSTS700016'],
  ['no app', { client_id: '' }, '400 invalid_request AADSTS900144'],
  ['no scope', { scope: '' }, '400 invalid_request AADSTS900144'],
  ['no grant type', { grant_type: '' }, '400 invalid_request AADSTS900144'],
  ['another grant type', { grant_type: 'password' }, '400 unsupported_grant_type AADSTS70003'],
  [
    'on behalf of somebody',
    { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' },
    '400 unsupported_grant_type AADSTS70003',
  ],
  ['a scope without .default', { scope: ARM }, '400 invalid_scope AADSTS1002012'],
  ['nothing but .default', { scope: '/.default' }, '400 invalid_scope AADSTS1002012'],
  [
    'two scopes',
    { scope: `${ARM}/.default https://vault.azure.net/.default` },
    '400 invalid_scope AADSTS70011',
  ],
  [
    'a resource nobody knows',
    { scope: 'https://no.such.example/.default' },
    '400 invalid_resource AADSTS500011',
  ],
])('%s is refused', async (_, fields, expected) => {
  const bed = await startBed();
  expect(refusalOf(await bed.withSecret(fields))).toBe(expected);
});

test.each([
  ['00000000-1111-2222-3333-444444444444', '400 invalid_request AADSTS90002'],
  ['nobody.example', '400 invalid_request AADSTS90002'],
  ['what', '400 invalid_request AADSTS900023'],
  ['common', '400 invalid_request AADSTS50059'],
])('tenant %s is refused', async (segment, expected) => {
  const bed = await startBed();
  expect(refusalOf(await bed.withSecret({}, segment))).toBe(expected);
});

test('the id of a secret is no secret, and a secret ends', async () => {
  const bed = await startBed();
  const wrong = await bed.withSecret({ client_secret: bed.secret.keyId });
  expect(refusalOf(wrong)).toBe('401 invalid_client AADSTS7000215');
  const short = bed.app.addSecret({ expiresIn: 60 }).value;
  expect((await bed.withSecret({ client_secret: short })).status).toBe(200);
  await bed.clock.advance(60_000);
  const late = await bed.withSecret({ client_secret: short });
  expect(refusalOf(late)).toBe('401 invalid_client AADSTS7000222');
  bed.app.removeSecret(bed.secret.keyId);
  expect(refusalOf(await bed.withSecret())).toBe('401 invalid_client AADSTS7000215');
});

test('a disabled app is refused, and one of another tenant until it is let in', async () => {
  const bed = await startBed();
  const other = bed.azure.directory.addTenant({ domain: 'other.example' });
  const foreign = () => bed.withSecret({}, other.id);
  expect(refusalOf(await foreign())).toBe('400 unauthorized_client AADSTS700016');
  const objectId = bed.app.allowTenant(other.id);
  const claims = claimsOf(textOf(await foreign(), 'access_token'));
  expect(claims).toMatchObject({ tid: other.id, oid: objectId, appid: bed.app.clientId });
  bed.app.disable();
  expect(refusalOf(await bed.withSecret())).toBe('400 unauthorized_client AADSTS7000112');
  bed.app.enable();
  expect((await bed.withSecret()).status).toBe(200);
});

test('a body that is no form, or has a field twice, is refused', async () => {
  const bed = await startBed();
  const path = `/${bed.tenant.id}/oauth2/v2.0/token`;
  const json = await bed.send(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(bed.credentials({ client_secret: bed.secret.value })),
  });
  expect(refusalOf(json)).toBe('400 invalid_request AADSTS900144');
  const body = new URLSearchParams(bed.credentials({ client_secret: bed.secret.value }));
  body.append('scope', 'https://vault.azure.net/.default');
  expect(refusalOf(await bed.send(path, { method: 'POST', body }))).toBe(
    '400 invalid_request AADSTS90100',
  );
});

test('an error says what Entra says, with the ids support asks for, and no secret', async () => {
  const bed = await startBed();
  const { body, text } = await bed.form(
    `/${bed.tenant.id}/oauth2/v2.0/token?client-request-id=11111111-2222-3333-4444-555555555555`,
    bed.credentials({ client_secret: 'planted-secret' }),
  );
  expect(body).toMatchObject({
    error: 'invalid_client',
    error_codes: [7000215],
    correlation_id: '11111111-2222-3333-4444-555555555555',
    timestamp: '2026-11-02 09:00:00Z',
  });
  expect(body['error_description']).toMatch(/^AADSTS7000215: /);
  expect(text).not.toContain('planted-secret');
  expect(JSON.stringify(bed.azure.log)).not.toContain('planted-secret');
});

test('who asks for metadata is told its own authority', async () => {
  const bed = await startBed();
  const { body } = await bed.get(`/${bed.tenant.id}/v2.0/.well-known/openid-configuration`);
  expect(body['token_endpoint']).toBe(`${bed.azure.url}/${bed.tenant.id}/oauth2/v2.0/token`);
  expect(body['issuer']).toBe(`${bed.azure.url}/${bed.tenant.id}/v2.0`);
  const asked = encodeURIComponent(`${bed.azure.url}/${bed.tenant.id}/oauth2/v2.0/authorize`);
  const discovery = await bed.get(
    `/common/discovery/instance?api-version=1.1&authorization_endpoint=${asked}`,
  );
  expect(discovery.body['tenant_discovery_endpoint']).toBe(
    `${bed.azure.url}/${bed.tenant.id}/v2.0/.well-known/openid-configuration`,
  );
  const nobody = await bed.get('/nobody.example/v2.0/.well-known/openid-configuration');
  expect(refusalOf(nobody)).toBe('400 invalid_request AADSTS90002');
});
