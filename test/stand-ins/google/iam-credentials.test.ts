import { createPublicKey, verify } from 'node:crypto';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { describe, expect, it } from 'vitest';
import type { AccountRole } from '../../../src/stand-ins/google/policies.ts';
import { CLOUD, EMAIL_SCOPE, refusalOf, signed, startBed, STORAGE_READ, textOf } from './setup.ts';

/** A robot with a token, and accounts to act as. */
async function startActingBed() {
  const bed = await startBed();
  const names = ['target', 'first', 'second'] as const;
  const [target, first, second] = names.map((name) =>
    bed.google.accounts.addServiceAccount({ name, project: 'demo' }),
  );
  if (!target || !first || !second) throw new Error('three accounts expected');
  const token = await bed.token();
  const member = (email: string) => `serviceAccount:${email}`;
  const grant = (from: string, on: string, role: AccountRole = 'tokenCreator') =>
    bed.google.accounts.grant({ member: member(from), role, on });
  const call = (method: string, body: unknown, as = token, email: string = target.email) =>
    bed.post(`/v1/projects/-/serviceAccounts/${email}:${method}`, body, as);
  const path = (email: string) => `projects/-/serviceAccounts/${email}`;
  return { ...bed, tokenOf: bed.token, target, first, second, token, grant, call, path };
}

const WANTED = { scope: [CLOUD], lifetime: '3600s' };

describe('generateAccessToken', () => {
  it('gives a token of the target to who may create one', async () => {
    const bed = await startActingBed();
    expect(refusalOf(await bed.call('generateAccessToken', WANTED))).toBe('403 PERMISSION_DENIED');
    const take = bed.grant(bed.robot.email, bed.target.email);
    const answer = await bed.call('generateAccessToken', { ...WANTED, lifetime: '600s' });
    expect(answer.body).toEqual({
      accessToken: expect.stringMatching(/^ya29\./),
      expireTime: new Date(bed.clock.now() + 600_000).toISOString().replace('.000Z', 'Z'),
    });
    const made = bed.google.tokens.find(textOf(answer, 'accessToken'));
    expect(made).toMatchObject({ principal: { email: bed.target.email }, scopes: [CLOUD] });
    const byId = await bed.call('generateAccessToken', WANTED, bed.token, bed.target.uniqueId);
    expect(byId.status).toBe(200);
    take();
    expect(refusalOf(await bed.call('generateAccessToken', WANTED))).toBe('403 PERMISSION_DENIED');
  });

  it('takes a null for nothing, as Python writes an absent chain', async () => {
    const bed = await startActingBed();
    bed.grant(bed.robot.email, bed.target.email);
    const answer = await bed.call('generateAccessToken', { ...WANTED, delegates: null });
    expect(answer.status).toBe(200);
    const none = await bed.call('generateAccessToken', { ...WANTED, scope: null });
    expect(refusalOf(none)).toBe('400 INVALID_ARGUMENT');
  });

  it('says which permission is missing', async () => {
    const bed = await startActingBed();
    const { body } = await bed.call('generateAccessToken', WANTED);
    expect(body['error']).toMatchObject({
      code: 403,
      message:
        "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
      details: [
        {
          reason: 'IAM_PERMISSION_DENIED',
          metadata: { permission: 'iam.serviceAccounts.getAccessToken' },
        },
      ],
    });
  });

  it('is not for who may only create identity tokens', async () => {
    const bed = await startActingBed();
    bed.grant(bed.robot.email, bed.target.email, 'openIdTokenCreator');
    expect(refusalOf(await bed.call('generateAccessToken', WANTED))).toBe('403 PERMISSION_DENIED');
    const identity = await bed.call('generateIdToken', { audience: 'https://a.example' });
    expect(identity.status).toBe(200);
  });

  it('lasts an hour, or twelve where the organisation allows it', async () => {
    const bed = await startActingBed();
    bed.grant(bed.robot.email, bed.target.email);
    const ask = (lifetime: unknown) => bed.call('generateAccessToken', { ...WANTED, lifetime });
    expect(refusalOf(await ask('3601s'))).toBe('400 INVALID_ARGUMENT');
    bed.google.accounts.extendLifetime(bed.target.email);
    const long = await ask('43200s');
    expect(bed.google.tokens.find(textOf(long, 'accessToken'))?.expiresAt).toBe(
      bed.clock.now() + 43_200_000,
    );
    expect(refusalOf(await ask('43201s'))).toBe('400 INVALID_ARGUMENT');
    const usual = await bed.call('generateAccessToken', { scope: [CLOUD] });
    expect(textOf(usual, 'expireTime')).toBe(
      new Date(bed.clock.now() + 3_600_000).toISOString().replace('.000Z', 'Z'),
    );
  });

  it.each([
    { name: 'no scope', body: { lifetime: '3600s' } },
    { name: 'an empty list of scopes', body: { scope: [] } },
    { name: 'a scope that is no list', body: { scope: CLOUD } },
    { name: 'an unknown scope', body: { scope: ['all'] } },
    { name: 'a lifetime without unit', body: { scope: [CLOUD], lifetime: '3600' } },
    { name: 'a lifetime that is a number', body: { scope: [CLOUD], lifetime: 3600 } },
    { name: 'no lifetime at all', body: { scope: [CLOUD], lifetime: '0s' } },
    { name: 'a negative lifetime', body: { scope: [CLOUD], lifetime: '-5s' } },
    { name: 'an unknown field', body: { scope: [CLOUD], subject: 'ann@example.com' } },
    { name: 'delegates that are no list', body: { scope: [CLOUD], delegates: 'x' } },
    { name: 'no JSON', body: '{' },
    { name: 'a list', body: [] },
  ])('refuses $name', async ({ body }) => {
    const bed = await startActingBed();
    bed.grant(bed.robot.email, bed.target.email);
    expect(refusalOf(await bed.call('generateAccessToken', body))).toBe('400 INVALID_ARGUMENT');
    expect(bed.google.tokens.issued()).toHaveLength(1);
  });

  it('refuses an unknown account, and a disabled one', async () => {
    const bed = await startActingBed();
    bed.grant(bed.robot.email, bed.target.email);
    const nobody = 'nobody@demo.iam.gserviceaccount.com';
    const unknown = await bed.call('generateAccessToken', WANTED, bed.token, nobody);
    expect(refusalOf(unknown)).toBe('404 NOT_FOUND');
    bed.target.disable();
    expect(refusalOf(await bed.call('generateAccessToken', WANTED))).toBe('404 NOT_FOUND');
  });

  it('wants a live bearer with a scope for it', async () => {
    const bed = await startActingBed();
    bed.grant(bed.robot.email, bed.target.email);
    const path = `/v1/projects/-/serviceAccounts/${bed.target.email}:generateAccessToken`;
    expect(refusalOf(await bed.post(path, WANTED))).toBe('401 UNAUTHENTICATED');
    expect(refusalOf(await bed.post(path, WANTED, 'ya29.no'))).toBe('401 UNAUTHENTICATED');
    const storage = await bed.tokenOf(STORAGE_READ);
    expect(refusalOf(await bed.post(path, WANTED, storage))).toBe('403 PERMISSION_DENIED');
    const iam = await bed.tokenOf('https://www.googleapis.com/auth/iam');
    expect((await bed.post(path, WANTED, iam)).status).toBe(200);
    const claims = bed.claims({ scope: undefined, sub: bed.robot.email });
    const own = signed(bed.file, { ...claims, aud: 'https://iamcredentials.googleapis.com/' });
    expect((await bed.post(path, WANTED, own)).status).toBe(200);
    await bed.clock.advance(3_600_000);
    expect(refusalOf(await bed.post(path, WANTED, bed.token))).toBe('401 UNAUTHENTICATED');
  });

  it('wants each of a chain to act through the next', async () => {
    const bed = await startActingBed();
    const { robot, first, second, target } = bed;
    const delegates = [bed.path(first.email), bed.path(second.email)];
    const act = () => bed.call('generateAccessToken', { ...WANTED, delegates });
    const links = [
      [robot.email, first.email],
      [first.email, second.email],
      [second.email, target.email],
    ] as const;
    for (const [missing] of links.entries()) {
      const taken = links
        .filter((_, at) => at !== missing)
        .map(([from, on]) => bed.grant(from, on));
      // oxlint-disable-next-line no-await-in-loop -- the grants change in between
      expect(refusalOf(await act())).toBe('403 PERMISSION_DENIED');
      for (const take of taken) take();
    }
    for (const [from, on] of links) bed.grant(from, on);
    expect((await act()).status).toBe(200);
    const direct = await bed.call('generateAccessToken', WANTED);
    expect(refusalOf(direct)).toBe('403 PERMISSION_DENIED');
    for (const odd of [
      first.email,
      `projects/demo/serviceAccounts/${first.email}`,
      bed.path('x'),
    ]) {
      const body = { ...WANTED, delegates: [odd] };
      // oxlint-disable-next-line no-await-in-loop -- one after another keeps the log readable
      expect(refusalOf(await bed.call('generateAccessToken', body))).toBe('400 INVALID_ARGUMENT');
    }
  });
});

describe('generateIdToken', () => {
  it('names the account, and its e-mail on request', async () => {
    const bed = await startActingBed();
    bed.grant(bed.robot.email, bed.target.email);
    const audience = 'https://a.example';
    const ask = async (more = {}) =>
      textOf(await bed.call('generateIdToken', { audience, ...more }), 'token');
    const plain = decodeJwt(await ask());
    expect(plain).toMatchObject({
      aud: audience,
      azp: bed.target.uniqueId,
      sub: bed.target.uniqueId,
    });
    expect(plain).not.toHaveProperty('email');
    const token = await ask({ includeEmail: true, useEmailAzp: true });
    const { body } = await bed.get('/oauth2/v3/certs');
    const { payload } = await jwtVerify(
      token,
      createLocalJWKSet(body as unknown as JSONWebKeySet),
      {
        currentDate: new Date(bed.clock.now()),
      },
    );
    expect(payload).toMatchObject({
      azp: bed.target.email,
      email: bed.target.email,
      email_verified: true,
      exp: bed.seconds(3600),
    });
    expect(refusalOf(await bed.call('generateIdToken', {}))).toBe('400 INVALID_ARGUMENT');
  });
});

describe('signing', () => {
  it('signs a JWT that the token endpoint takes for domain-wide delegation', async () => {
    const bed = await startActingBed();
    const ann = bed.google.accounts.addUser({ email: 'ann@example.com', consentedScopes: [CLOUD] });
    const payload = JSON.stringify(
      bed.claims({ iss: bed.target.email, sub: ann.email, scope: EMAIL_SCOPE }),
    );
    expect(refusalOf(await bed.call('signJwt', { payload }))).toBe('403 PERMISSION_DENIED');
    bed.grant(bed.robot.email, bed.target.email);
    bed.google.accounts.domainWideDelegation(bed.target.uniqueId, [EMAIL_SCOPE]);
    const answer = await bed.call('signJwt', { payload });
    const jwt = textOf(answer, 'signedJwt');
    expect(decodeProtectedHeader(jwt)).toMatchObject({ alg: 'RS256', kid: answer.body['keyId'] });
    const token = textOf(await bed.bearer(jwt), 'access_token');
    expect(bed.google.tokens.find(token)?.principal).toMatchObject({ email: ann.email });
  });

  it('refuses a payload that is no JSON, and an end more than twelve hours ahead', async () => {
    const bed = await startActingBed();
    bed.grant(bed.robot.email, bed.target.email);
    const sign = async (payload: unknown) => bed.call('signJwt', { payload });
    for (const payload of ['', '{', '[]', 5, JSON.stringify({ exp: bed.seconds(43_201) })]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another keeps the log readable
      expect(refusalOf(await sign(payload))).toBe('400 INVALID_ARGUMENT');
    }
    expect((await sign(JSON.stringify({ exp: bed.seconds(43_200) }))).status).toBe(200);
  });

  it('signs bytes with the same key', async () => {
    const bed = await startActingBed();
    bed.grant(bed.robot.email, bed.target.email);
    const answer = await bed.call('signBlob', { payload: Buffer.from('hello').toString('base64') });
    const account = bed.google.accounts.findAccount(bed.target.email);
    const key = createPublicKey(account?.managed.pair().privateKey ?? '');
    const signature = Buffer.from(textOf(answer, 'signedBlob'), 'base64');
    expect(verify('sha256', Buffer.from('hello'), key, signature)).toBe(true);
    expect(refusalOf(await bed.call('signBlob', { payload: '%' }))).toBe('400 INVALID_ARGUMENT');
  });
});

it('answers Python’s look for allowed locations', async () => {
  const bed = await startBed();
  const answer = await bed.get(
    `/v1/projects/-/serviceAccounts/${bed.robot.email}/allowedLocations`,
  );
  expect(answer.status).toBe(200);
});
