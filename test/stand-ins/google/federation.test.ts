import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { createAccounts as createAwsAccounts } from '../../../src/stand-ins/aws/accounts.ts';
import { oidcIssuer } from '../../../src/stand-ins/google/oidc-issuer.ts';
import type { PoolOptions } from '../../../src/stand-ins/google/pools.ts';
import { signedCallerIdentity } from './aws-subject.ts';
import { CLOUD, refusalOf, startBed, textOf } from './setup.ts';

const POOL = { projectNumber: '123456789012', pool: 'build', provider: 'github' };
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const AWS = 'urn:ietf:params:aws:token-type:aws4_request';

/** A pool that trusts one issuer, and a robot that the pool's `repo:a` may act as. */
async function startPoolBed(more: Partial<PoolOptions> = {}) {
  const bed = await startBed();
  const issuer = oidcIssuer({ now: () => bed.clock.now() });
  const pool = bed.google.pools.addPool({ ...POOL, oidc: { ...issuer }, ...more });
  const aud = `https:${pool.audience}`;
  const exchange = (subject_token: string, fields: Readonly<Record<string, string>> = {}) =>
    bed.form('/v1/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: pool.audience,
      scope: CLOUD,
      subject_token_type: JWT,
      subject_token,
      ...fields,
    });
  const mint = (claims = {}) => issuer.mint({ sub: 'repo:a', aud, repository: 'a', ...claims });
  return { ...bed, issuer, pool, exchange, mint };
}

describe('somebody else’s identity token', () => {
  it('becomes a federated token, that acts as whom the pool may act as', async () => {
    const bed = await startPoolBed();
    const answer = await bed.exchange(bed.mint());
    expect(answer.body).toEqual({
      access_token: expect.stringMatching(/^ya29\.d\./),
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 3599,
    });
    const token = textOf(answer, 'access_token');
    const path = `/v1/projects/-/serviceAccounts/${bed.robot.email}:generateAccessToken`;
    const act = () => bed.post(path, { scope: [CLOUD] }, token);
    expect(refusalOf(await act())).toBe('403 PERMISSION_DENIED');
    bed.google.accounts.grant({
      member: bed.pool.member('repo:a'),
      role: 'workloadIdentityUser',
      on: bed.robot.email,
    });
    expect((await act()).status).toBe(200);
    expect(bed.google.log.at(-1)).toMatchObject({
      principal: bed.pool.member('repo:a'),
      target: bed.robot.email,
    });
  });

  it('maps attributes, which a policy may name', async () => {
    const bed = await startPoolBed({
      attributeMapping: {
        'google.subject': 'assertion.sub',
        'attribute.repository': 'assertion.repository',
      },
    });
    bed.google.buckets.add({ name: 'own-bucket', project: 'demo' });
    bed.google.buckets.allow(
      bed.pool.memberSet('repository', 'a'),
      'own-bucket',
      'roles/storage.objectViewer',
    );
    const list = async (repository: string) => {
      const answer = await bed.exchange(bed.mint({ repository }));
      return (await bed.get('/storage/v1/b/own-bucket/o', textOf(answer, 'access_token'))).status;
    };
    expect(await list('a')).toBe(200);
    expect(await list('b')).toBe(403);
  });

  it.each([
    { name: 'another audience', claims: { aud: 'https://other.example' } },
    { name: 'another issuer', claims: { iss: 'https://other.example' } },
    { name: 'an end in the past', claims: { exp: 1_700_000_000 } },
    { name: 'no subject', claims: { sub: undefined } },
    { name: 'no issue time', claims: { iat: undefined } },
    { name: 'a subject that is too long', claims: { sub: 'x'.repeat(128) } },
    { name: 'a life of more than a day', claims: { exp: 4_000_000_000 } },
  ])('is refused with $name', async ({ claims }) => {
    const bed = await startPoolBed();
    expect(refusalOf(await bed.exchange(bed.mint(claims)))).toBe('400 invalid_grant');
    expect(bed.google.tokens.issued()).toEqual([]);
  });

  it('is refused when another key signed it, and when it is none', async () => {
    const bed = await startPoolBed();
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const forge = () =>
      new SignJWT({ sub: 'repo:a', aud: `https:${bed.pool.audience}` })
        .setProtectedHeader({ alg: 'RS256', kid: 'new' })
        .setIssuer(bed.issuer.issuer)
        .setIssuedAt(bed.seconds())
        .setExpirationTime(bed.seconds(300))
        .sign(privateKey);
    expect(refusalOf(await bed.exchange(await forge()))).toBe('400 invalid_grant');
    expect(refusalOf(await bed.exchange('nothing'))).toBe('400 invalid_grant');
    const rotated = { keys: [{ ...(await exportJWK(publicKey)), kid: 'new', alg: 'RS256' }] };
    bed.google.pools.addPool({ ...POOL, oidc: { issuer: bed.issuer.issuer, jwks: rotated } });
    expect((await bed.exchange(await forge())).status).toBe(200);
    expect(refusalOf(await bed.exchange(bed.mint()))).toBe('400 invalid_grant');
  });

  it('is held against the attribute condition', async () => {
    const bed = await startPoolBed({ condition: ({ repository }) => repository === 'a' });
    expect((await bed.exchange(bed.mint())).status).toBe(200);
    const other = await bed.exchange(bed.mint({ repository: 'b' }));
    expect(refusalOf(other)).toBe('400 unauthorized_client');
  });
});

describe('the exchange', () => {
  it('knows its providers', async () => {
    const bed = await startPoolBed();
    const ask = (audience: string) => bed.exchange(bed.mint(), { audience });
    const other = bed.pool.audience.replace('/github', '/gitlab');
    expect(refusalOf(await ask(other))).toBe('400 invalid_target');
    expect(refusalOf(await ask(`https:${bed.pool.audience}`))).toBe('400 invalid_request');
    expect(refusalOf(await ask(''))).toBe('400 invalid_request');
    bed.pool.disable();
    expect(refusalOf(await ask(bed.pool.audience))).toBe('400 invalid_target');
  });

  it('wants a known scope, a known type, and no boundary', async () => {
    const bed = await startPoolBed();
    const ask = async (fields: Readonly<Record<string, string>>) =>
      refusalOf(await bed.exchange(bed.mint(), fields));
    expect(await ask({ scope: '' })).toBe('400 invalid_request');
    expect(await ask({ scope: 'all' })).toBe('400 invalid_scope');
    const saml = 'urn:ietf:params:oauth:token-type:saml2';
    expect(await ask({ subject_token_type: saml })).toBe('400 invalid_request');
    expect(await ask({ subject_token_type: AWS })).toBe('400 invalid_request');
    expect(await ask({ options: '{"accessBoundary":{}}' })).toBe('400 invalid_request');
    expect((await bed.exchange(bed.mint(), { options: '{"userProject":"demo"}' })).status).toBe(
      200,
    );
  });
});

describe('an AWS identity', () => {
  async function startAwsBed() {
    const base = await startBed();
    const keys = createAwsAccounts(() => base.clock.now());
    const user = keys.addUser({ name: 'ci' });
    const pool = base.google.pools.addPool({
      ...POOL,
      provider: 'amazon',
      aws: { account: user.account, keys },
    });
    const exchange = (subject_token: string) =>
      base.form('/v1/token', {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        audience: pool.audience,
        scope: CLOUD,
        subject_token_type: AWS,
        subject_token,
      });
    const sign = (more = {}) =>
      signedCallerIdentity({ keys: user, audience: pool.audience, at: base.clock.now(), ...more });
    return { ...base, keys, user, pool, exchange, sign };
  }

  it('is proven by a signed request', async () => {
    const bed = await startAwsBed();
    const answer = await bed.exchange(bed.sign());
    expect(bed.google.tokens.find(textOf(answer, 'access_token'))?.principal).toMatchObject({
      subject: bed.user.arn,
      attributes: { account: bed.user.account },
    });
  });

  it.each([
    { name: 'made for another audience', more: { audience: '//iam.googleapis.com/other' } },
    { name: 'sent to another host', more: { host: 'sts.amazonaws.com.example' } },
    { name: 'signed for another service', more: { service: 's3' } },
    { name: 'for another action', more: { query: 'Action=AssumeRole&Version=2011-06-15' } },
    { name: 'by another method', more: { method: 'GET' } },
    { name: 'signed with a wrong secret', more: { secret: 'wrong' } },
    { name: 'from sixteen minutes ago', more: { minutes: -16 } },
    { name: 'from sixteen minutes ahead', more: { minutes: 16 } },
  ])('is refused $name', async ({ more }) => {
    const bed = await startAwsBed();
    const { minutes = 0, ...rest } = more as { minutes?: number };
    const at = bed.clock.now() + minutes * 60_000;
    expect(refusalOf(await bed.exchange(bed.sign({ ...rest, at })))).toBe('400 invalid_grant');
  });

  it('is refused of another account, of an unknown key, and when it is no request', async () => {
    const bed = await startAwsBed();
    const far = bed.keys.addUser({ name: 'ci', account: '999988887777' });
    expect(refusalOf(await bed.exchange(bed.sign({ keys: far })))).toBe('400 invalid_grant');
    bed.keys.deleteKey(bed.user.accessKeyId);
    expect(refusalOf(await bed.exchange(bed.sign()))).toBe('400 invalid_grant');
    for (const token of ['nothing', '%7B%7D', encodeURIComponent('{"url":5}'), '%zz']) {
      // oxlint-disable-next-line no-await-in-loop -- one after another keeps the log readable
      expect(refusalOf(await bed.exchange(token))).toBe('400 invalid_grant');
    }
  });
});

describe('a place to read a token at', () => {
  it('gives it as text or in a field, to those that send its header', async () => {
    const bed = await startBed();
    const header = ['Metadata', 'True'] as const;
    const plain = bed.google.subjects.serve('plain', () => 'one');
    const field = bed.google.subjects.serve('field', () => 'two', { field: 'id_token', header });
    expect((await bed.get(plain)).text).toBe('one');
    expect(refusalOf(await bed.get(field))).toBe('403 PERMISSION_DENIED');
    const seen = await bed.send(field, { headers: { metadata: 'True' } });
    expect(seen.body).toEqual({ id_token: 'two' });
    expect(refusalOf(await bed.get('/subject-token/none'))).toBe('404 NOT_FOUND');
    expect(bed.google.calls.count('subject:token')).toBe(4);
  });
});
