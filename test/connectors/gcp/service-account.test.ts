import { describe, expect, it } from 'vitest';

import { accessBoundary } from './boundaries.ts';
import {
  allOf,
  claimsOf,
  failureOf,
  hidden,
  identityBy,
  issueBy,
  methodOf,
  openBed,
  stranger,
  type Ask,
  type Bed,
} from './bed.ts';

const METHOD = 'service-account';
const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';
const EMAIL = 'https://www.googleapis.com/auth/userinfo.email';
const READ_ONLY = 'https://www.googleapis.com/auth/devstorage.read_only';
const LOGGING = 'https://www.googleapis.com/auth/logging.write';

const issue = async (bed: Bed, ask: Partial<Ask> = {}) =>
  await issueBy(METHOD, bed, { secret: bed.keyAttributes, ...ask });

const bucketStatus = async ({ google }: Bed, token: string, bucket: string): Promise<number> => {
  const answer = await fetch(`${google.url}/storage/v1/b/${bucket}/o`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await answer.arrayBuffer();
  return answer.status;
};

const total = ({ google }: Bed): number =>
  Object.values(google.calls.all()).reduce((sum, count) => sum + count, 0);

describe('access tokens', () => {
  it('are Google’s, for an hour by the machine’s clock, at the cost of one call', async () => {
    const bed = await openBed();
    await bed.clock.advance(12 * 3_600_000);
    const token = await issue(bed, {
      config: { project_id: 'data-prod', account_email: 'a@b.cd' },
    });
    expect(token).toMatchObject({
      kind: 'access-token',
      issuedAt: bed.clock.now(),
      expiresAt: bed.clock.now() + 3_599_000,
      principal: bed.robot.email,
      account: 'data-prod',
      scopes: [CLOUD_PLATFORM, EMAIL],
    });
    expect(bed.google.calls.all()).toEqual({ 'oauth2:jwt-bearer': 1 });
    expect(bed.google.log).toMatchObject([
      { principal: bed.robot.email, scopes: [CLOUD_PLATFORM, EMAIL], status: 200 },
    ]);
    expect(await bucketStatus(bed, token.token, 'zenfiles')).toBe(200);
  });

  it('have what the client chose, else the grant’s scopes, else the connector’s', async () => {
    const bed = await openBed();
    const config = { scopes: `${LOGGING},openid` };
    const scope = { scopes: [READ_ONLY] };
    const chosen = await issue(bed, { config, scope, scopes: ['openid'] });
    const granted = await issue(bed, { config, scope });
    const own = await issue(bed, { config });
    expect([chosen.scopes, granted.scopes, own.scopes]).toEqual([
      ['openid'],
      [READ_ONLY],
      [LOGGING, 'openid'],
    ]);
    expect(bed.google.log.map(({ scopes }) => scopes)).toEqual([
      ['openid'],
      [READ_ONLY],
      [LOGGING, 'openid'],
    ]);
  });

  it('are narrowed to a bucket from the widest scope that the connector has', async () => {
    const bed = await openBed();
    const scope = { boundary: accessBoundary('zenfiles') };
    const token = await issue(bed, { scope, scopes: ['openid'] });
    expect(token.scopes).toEqual([CLOUD_PLATFORM]);
    expect(token.expiresAt).toBe(bed.clock.now() + 3_599_000);
    expect(await bucketStatus(bed, token.token, 'zenfiles')).toBe(200);
    expect(await bucketStatus(bed, token.token, 'payroll')).toBe(403);
    expect(bed.google.calls.all()).toMatchObject({ 'oauth2:jwt-bearer': 1, 'sts:downscope': 1 });
  });

  it('that are narrowed expire with their source when Google does not say', async () => {
    const bed = await openBed();
    const scope = { boundary: accessBoundary('zenfiles') };
    bed.google.faults.add('sts:downscope', { kind: 'field', name: 'expires_in' });
    const silent = await issue(bed, { scope });
    expect(silent.expiresAt).toBe(bed.clock.now() + 3_599_000);
    bed.google.faults.add('sts:downscope', { kind: 'field', name: 'expires_in', value: 60 });
    expect((await issue(bed, { scope })).expiresAt).toBe(bed.clock.now() + 60_000);
    bed.google.faults.add('sts:downscope', { kind: 'field', name: 'expires_in', value: 9_999 });
    expect((await issue(bed, { scope })).expiresAt).toBe(bed.clock.now() + 3_599_000);
  });

  it('speak for a person where the domain delegates that', async () => {
    const bed = await openBed();
    const config = { subject: bed.person.email, scopes: READ_ONLY };
    expect(await failureOf(issue(bed, { config }))).toMatchObject({
      code: 'UPSTREAM_DENIED',
      upstreamCode: 'unauthorized_client',
      hint: expect.stringMatching(/admin console/),
    });
    bed.google.accounts.domainWideDelegation(bed.robot.uniqueId, [READ_ONLY]);
    const token = await issue(bed, { config });
    expect(token.principal).toBe(bed.person.email);
    expect(await bucketStatus(bed, token.token, 'zenfiles')).toBe(200);
  });
});

describe('tokens that are signed here', () => {
  const config = { self_signed: 'true', scopes: READ_ONLY };

  it('cost no call and are accepted as they are', async () => {
    const bed = await openBed();
    await bed.clock.advance(500);
    const token = await issue(bed, { config });
    const seconds = Math.floor(bed.clock.now() / 1000);
    expect(total(bed)).toBe(0);
    expect(claimsOf(token.token)).toEqual({
      iss: bed.robot.email,
      sub: bed.robot.email,
      scope: READ_ONLY,
      iat: seconds,
      exp: seconds + 3600,
    });
    expect(token.expiresAt).toBe((seconds + 3600) * 1000);
    expect(await bucketStatus(bed, token.token, 'zenfiles')).toBe(200);
  });

  it('cannot be narrowed to buckets, only to scopes', async () => {
    const bed = await openBed();
    const method = methodOf(METHOD);
    const boundary = accessBoundary('zenfiles');
    const parsed = method.config.parse(config);
    expect(method.narrows(parsed, { boundary })).toBe(false);
    expect(method.narrows(parsed, { scopes: ['openid'] })).toBe(true);
    expect(method.narrows(method.config.parse({}), { boundary })).toBe(true);
    expect(await failureOf(issue(bed, { config, scope: { boundary } }))).toMatchObject({
      code: 'SCOPE_UNSUPPORTED',
    });
    expect(total(bed)).toBe(0);
  });

  it('cannot speak for a person', () => {
    const { config: schema } = methodOf(METHOD);
    expect(schema.safeParse({ ...config, subject: 'ada@example.com' }).success).toBe(false);
    const elsewhere = { universe_domain: 'example.goog', subject: 'ada@example.com' };
    expect(schema.safeParse(elsewhere).success).toBe(false);
  });

  it('are the only ones in another universe, which has no token endpoint', async () => {
    const bed = await openBed();
    const file = JSON.parse(bed.keyFile()) as object;
    const json = JSON.stringify({ ...file, universe_domain: 'example.goog', token_uri: undefined });
    const ask = {
      config: { universe_domain: 'example.goog' },
      secret: { service_account_json: json },
    };
    expect((await issue(bed, ask)).token.split('.')).toHaveLength(3);
    expect(total(bed)).toBe(0);
    const member = `serviceAccount:${bed.robot.email}`;
    bed.google.accounts.grant({ member, role: 'tokenCreator', on: bed.robot.email });
    const identity = await identityBy(METHOD, bed, 'https://run.example', ask);
    expect(claimsOf(identity.token)).toMatchObject({ aud: 'https://run.example' });
    expect(bed.google.calls.all()).toEqual({ 'iamcredentials:generateIdToken': 1 });
  });
});

describe('identity tokens', () => {
  it('are for the audience that was asked for, until their own expiry', async () => {
    const bed = await openBed();
    const audience = 'https://run.example/?a=b c';
    const identity = await identityBy(METHOD, bed, audience, { secret: bed.keyAttributes });
    const claims = claimsOf(identity.token);
    expect(claims).toMatchObject({ aud: audience, email: bed.robot.email });
    expect(identity).toMatchObject({
      kind: 'id-token',
      audience,
      issuedAt: bed.clock.now(),
      expiresAt: Number(claims['exp']) * 1000,
      principal: bed.robot.email,
    });
    expect(bed.google.calls.all()).toEqual({ 'oauth2:jwt-bearer': 1 });
  });

  it.each([
    ['no token', undefined],
    ['no JWT', 'gibberish'],
    ['a JWT of no claims', 'a.b.c'],
    ['another audience', `e30.${Buffer.from('{"aud":"x","exp":9}').toString('base64url')}.s`],
    ['no expiry', `e30.${Buffer.from('{"aud":"aud"}').toString('base64url')}.s`],
  ])('are refused when Google answers with %s', async (_what, value) => {
    const bed = await openBed();
    bed.google.faults.add('oauth2:*', { kind: 'field', name: 'id_token', value });
    const asking = identityBy(METHOD, bed, 'aud', { secret: bed.keyAttributes });
    expect(await failureOf(asking)).toMatchObject({ code: 'UPSTREAM_MALFORMED' });
  });

  it('are not made for a person who is spoken for', async () => {
    const bed = await openBed();
    const asking = identityBy(METHOD, bed, 'aud', {
      config: { subject: bed.person.email },
      secret: bed.keyAttributes,
    });
    expect(await failureOf(asking)).toMatchObject({ code: 'ID_TOKEN_UNSUPPORTED' });
    expect(total(bed)).toBe(0);
  });
});

describe('a planted key file', () => {
  it('is refused at registration and, when the store was changed later, at issue', async () => {
    const bed = await openBed();
    const other = await stranger();
    const uri = `${other.url}/token`;
    const json = JSON.stringify(bed.robot.keyFile({ tokenUri: uri }));
    const secret = { service_account_json: json };
    const method = methodOf(METHOD);
    const refused = { code: 'INPUT_INVALID', subject: 'service_account_json' };
    expect(() => method.complete?.(method.config.parse({}), hidden(secret))).toThrow(
      expect.objectContaining(refused),
    );
    const error = await failureOf(issue(bed, { secret }));
    expect(error).toMatchObject(refused);
    expect(allOf(error)).not.toContain(other.url);
    expect(other.connections()).toBe(0);
    expect(total(bed)).toBe(0);
  });

  it('is no stranger’s where the connector names the same token service', async () => {
    const bed = await openBed();
    const uri = `${bed.google.url}/token`;
    const json = JSON.stringify(bed.robot.keyFile({ tokenUri: uri }));
    const ask = { config: { token_endpoint: uri }, secret: { service_account_json: json } };
    expect((await issue(bed, ask)).principal).toBe(bed.robot.email);
  });
});

describe('a revoked key', () => {
  it('says what to do, and shows nothing of the key', async () => {
    const bed = await openBed();
    const file = bed.robot.keyFile();
    bed.robot.revokeKey(file.private_key_id);
    const secret = { service_account_json: JSON.stringify(file) };
    const error = await failureOf(issue(bed, { secret }));
    expect(error).toMatchObject({
      code: 'UPSTREAM_BAD_CREDENTIAL',
      upstreamCode: 'invalid_grant',
      hint: expect.stringMatching(/connector update/),
    });
    const pem = String(file['private_key']).split('\n').slice(1, -2);
    for (const line of pem) expect(allOf(error)).not.toContain(line);
    expect(allOf(error)).not.toMatch(/eyJ/);
    expect(total(bed)).toBe(1);
  });

  it('is told from a wrong clock', async () => {
    const bed = await openBed();
    bed.google.faults.add('*', { kind: 'clock-skew', milliseconds: 3_600_000 * 3 });
    expect(await failureOf(issue(bed))).toMatchObject({
      code: 'UPSTREAM_CLOCK_SKEW',
      upstreamCode: 'invalid_grant',
    });
  });
});
