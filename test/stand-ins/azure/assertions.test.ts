import { expect, test } from 'vitest';
import { claimsOf, makeCertificate, refusalOf, signed, startBed, textOf } from './setup.ts';
import type { Bed } from './setup.ts';

async function certificateBed() {
  const bed = await startBed();
  const own = makeCertificate(bed.clock.now());
  bed.app.addCertificate(own.pem);
  const key = own.pair.privateKey;
  const assert = (claims = {}, header: Record<string, unknown> = { x5t: own.x5t }) =>
    bed.withAssertion(signed(header, bed.claims(claims), key));
  return { ...bed, own, key, assert };
}

test.each([
  ['RS256 and SHA-1', (own: { x5t: string }) => ({ x5t: own.x5t })],
  ['PS256 and SHA-256', (own: { sha256: string }) => ({ alg: 'PS256', 'x5t#S256': own.sha256 })],
  ['the chain along', (own: { x5t: string; der: string }) => ({ x5t: own.x5t, x5c: [own.der] })],
])('a certificate proves the app: %s', async (_, header) => {
  const bed = await certificateBed();
  const answer = await bed.assert({}, header(bed.own));
  expect(answer.status).toBe(200);
  expect(claimsOf(textOf(answer, 'access_token'))).toMatchObject({ appidacr: '2' });
  expect(bed.azure.calls.count('entra:client-assertion')).toBe(1);
});

test.each<[string, (bed: Bed) => Record<string, unknown>]>([
  ['the issuer of the tenant', ({ azure, tenant }) => ({ aud: `${azure.url}/${tenant.id}/v2.0` })],
  ['the tenant by its domain', ({ azure }) => ({ aud: `${azure.url}/example.com/v2.0` })],
  [
    "Microsoft's own name",
    ({ tenant }) => ({ aud: `https://login.microsoftonline.com/${tenant.id}/oauth2/v2.0/token` }),
  ],
])('the audience may be %s', async (_, claims) => {
  const bed = await certificateBed();
  expect((await bed.assert(claims(bed))).status).toBe(200);
});

test.each<[string, (bed: Bed) => Record<string, unknown>, string]>([
  ['over', (bed) => ({ exp: bed.seconds(-301) }), '700024'],
  ['not yet good', (bed) => ({ nbf: bed.seconds(301) }), '700024'],
  ['without an end', () => ({ exp: undefined }), '50027'],
  ['without an id', () => ({ jti: undefined }), '50027'],
  ['for another tenant', ({ azure }) => ({ aud: `${azure.url}/common/v2.0` }), '700023'],
  ['for another host', () => ({ aud: 'https://login.example/t/v2.0' }), '700023'],
  ['for another path', ({ azure, tenant }) => ({ aud: `${azure.url}/${tenant.id}` }), '700023'],
  ['by another app', () => ({ iss: 'x' }), '700021'],
  ['about another app', () => ({ sub: 'x' }), '700021'],
])('an assertion %s is refused', async (_, claims, code) => {
  const bed = await certificateBed();
  expect(refusalOf(await bed.assert(claims(bed)))).toBe(`401 invalid_client AADSTS${code}`);
});

test('a certificate that is not registered, or not the signing one, is refused', async () => {
  const bed = await certificateBed();
  const other = makeCertificate(bed.clock.now(), 2);
  const refused = '401 invalid_client AADSTS700027';
  expect(refusalOf(await bed.assert({}, { x5t: other.x5t }))).toBe(refused);
  expect(refusalOf(await bed.assert({}, { x5t: bed.own.x5t, x5c: [other.der] }))).toBe(refused);
  const claims = bed.claims();
  const stolen = signed({ x5t: bed.own.x5t }, claims, other.pair.privateKey);
  expect(refusalOf(await bed.withAssertion(stolen))).toBe(refused);
  expect(refusalOf(await bed.assert({}, { alg: 'RS512', x5t: bed.own.x5t }))).toBe(refused);
  expect(refusalOf(await bed.assert({}, {}))).toBe('401 invalid_client AADSTS50027');
  expect(refusalOf(await bed.withAssertion('a.b'))).toBe('401 invalid_client AADSTS50027');
  bed.app.removeCertificate(Buffer.from(bed.own.x5t, 'base64url').toString('hex').toUpperCase());
  expect(refusalOf(await bed.assert())).toBe(refused);
});

test('a certificate whose time is over is refused', async () => {
  const bed = await certificateBed();
  const old = makeCertificate(bed.clock.now() - 2 * 365 * 24 * 3600 * 1000, 2);
  bed.app.addCertificate(old.pem);
  const assertion = signed({ x5t: old.x5t }, bed.claims(), old.pair.privateKey);
  const answer = await bed.withAssertion(assertion);
  expect(refusalOf(answer)).toBe('401 invalid_client AADSTS700027');
  expect(answer.text).toContain('expired');
});

test('subject name and issuer: a certificate nobody registered, sent along with its issuer trusted', async () => {
  const bed = await startBed();
  const own = makeCertificate(bed.clock.now());
  const header = { x5t: own.x5t, x5c: [own.der] };
  const send = () => bed.withAssertion(signed(header, bed.claims(), own.pair.privateKey));
  expect(refusalOf(await send())).toBe('401 invalid_client AADSTS700027');
  const stranger = makeCertificate(bed.clock.now(), 2);
  bed.app.trustSubject({ commonName: 'robot', issuerPem: stranger.pem });
  bed.app.trustSubject({ commonName: 'other', issuerPem: own.pem });
  expect(refusalOf(await send())).toBe('401 invalid_client AADSTS700027');
  bed.app.trustSubject({ commonName: 'robot', issuerPem: own.pem });
  expect((await send()).status).toBe(200);
});

const ISSUER = 'https://token.actions.githubusercontent.com';
const SUBJECT = 'repo:acme/train:ref:refs/heads/main';

async function federatedBed() {
  const bed = await startBed();
  const { pair } = makeCertificate(bed.clock.now());
  const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'k1' };
  bed.app.addFederatedCredential({ issuer: ISSUER, subject: SUBJECT, jwks: { keys: [jwk] } });
  const assert = (claims = {}, header: Record<string, unknown> = { kid: 'k1' }) => {
    const all = {
      iss: ISSUER,
      sub: SUBJECT,
      aud: 'api://AzureADTokenExchange',
      iat: bed.seconds(),
      exp: bed.seconds(300),
      ...claims,
    };
    return bed.withAssertion(signed(header, all, pair.privateKey));
  };
  return { ...bed, assert };
}

test('a federated token is as good as a certificate', async () => {
  const bed = await federatedBed();
  expect((await bed.assert()).status).toBe(200);
  expect((await bed.assert({ aud: ['api://AzureADTokenExchange'] })).status).toBe(200);
});

test.each([
  ['of another issuer', { iss: 'https://evil.example' }, '700211'],
  ['for another audience', { aud: 'api://else' }, '700212'],
  ['of another subject', { sub: `${SUBJECT}2` }, '700213'],
  ['of a subject in another case', { sub: SUBJECT.toUpperCase() }, '700213'],
  ['that is over', { exp: 1 }, '700024'],
  ['that never ends', { exp: undefined }, '50027'],
])('a federated token %s is refused', async (_, claims, code) => {
  const bed = await federatedBed();
  expect(refusalOf(await bed.assert(claims))).toBe(`401 invalid_client AADSTS${code}`);
});

test('a federated token by another key is refused, and any by an app without such credentials', async () => {
  const bed = await federatedBed();
  expect(refusalOf(await bed.assert({}, { kid: 'k2' }))).toBe('401 invalid_client AADSTS700027');
  const { pair } = makeCertificate(bed.clock.now(), 2);
  const claims = {
    iss: ISSUER,
    sub: SUBJECT,
    aud: 'api://AzureADTokenExchange',
    exp: bed.seconds(9),
  };
  const forged = signed({ kid: 'k1' }, claims, pair.privateKey);
  expect(refusalOf(await bed.withAssertion(forged))).toBe('401 invalid_client AADSTS700027');
  const bare = bed.azure.directory.addApp({ tenant: bed.tenant.id, name: 'bare' });
  const answer = await bed.withAssertion(forged, { client_id: bare.clientId });
  expect(refusalOf(answer)).toBe('400 invalid_request AADSTS70021');
});
