import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { CompactSign, exportJWK, generateKeyPair } from 'jose';
import { describe, expect, it } from 'vitest';
import { keysOf, policy, refusalOf, startBed } from './setup.ts';

const ISSUER = 'https://issuer.example/tenant';
const ACCOUNT = '111122223333';

type Algorithm = 'RS256' | 'ES256' | 'ES384';

/** An identity provider with one key, and a role that trusts one subject of it. */
async function startIdentityBed(algorithm: Algorithm = 'ES256', actions: string[] = []) {
  const bed = await startBed();
  const { publicKey, privateKey } = await generateKeyPair(algorithm);
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: algorithm };
  const provider = {
    account: ACCOUNT,
    issuer: ISSUER,
    audiences: ['sts.amazonaws.com'],
    jwks: { keys: [jwk] },
  };
  const Federated = bed.aws.accounts.addOidcProvider(provider);
  const role = bed.aws.accounts.putRole({
    name: 'ci',
    trust: policy({
      Effect: 'Allow',
      Principal: { Federated },
      Action: ['sts:AssumeRoleWithWebIdentity', ...actions],
      Condition: { StringLike: { 'issuer.example/tenant:sub': 'repo:org/app:*' } },
    }),
  });
  const seconds = (offset: number): number => Math.floor(bed.clock.now() / 1000) + offset;
  const sign = (claims: Record<string, unknown> = {}, key = privateKey) => {
    const usual = { iss: ISSUER, sub: 'repo:org/app:ref:main', aud: 'sts.amazonaws.com' };
    const payload = { ...usual, iat: seconds(0), exp: seconds(300), ...claims };
    const token = new CompactSign(Buffer.from(JSON.stringify(payload)));
    return token.setProtectedHeader({ alg: algorithm, kid: 'one' }).sign(key);
  };
  const assume = (WebIdentityToken: string, DurationSeconds?: number) =>
    bed.sts().send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: role.arn,
        RoleSessionName: 'job',
        WebIdentityToken,
        DurationSeconds,
      }),
    );
  return { ...bed, provider, role, sign, assume, seconds, Federated };
}

describe('AssumeRoleWithWebIdentity', () => {
  it.each(['RS256', 'ES256'] as const)('takes a %s token and no signature', async (algorithm) => {
    const bed = await startIdentityBed(algorithm);
    const answer = await bed.assume(await bed.sign());
    expect(answer).toMatchObject({
      Audience: 'sts.amazonaws.com',
      Provider: bed.Federated,
      SubjectFromWebIdentityToken: 'repo:org/app:ref:main',
    });
    const who = await bed.sts(keysOf(answer)).send(new GetCallerIdentityCommand({}));
    expect(who.Arn).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/ci/job`);
    expect(bed.aws.log[0]?.parameters).not.toHaveProperty('WebIdentityToken');
  });

  it.each([
    {
      name: 'another audience',
      claims: { aud: 'other' },
      refused: 'InvalidIdentityTokenException 400',
    },
    {
      name: 'no subject',
      claims: { sub: undefined },
      refused: 'InvalidIdentityTokenException 400',
    },
    {
      name: 'an unknown issuer',
      claims: { iss: 'https://other.example' },
      refused: 'InvalidIdentityTokenException 400',
    },
    {
      name: 'another subject',
      claims: { sub: 'repo:org/other:main' },
      refused: 'AccessDenied 403',
    },
  ])('refuses $name', async ({ claims, refused }) => {
    const bed = await startIdentityBed();
    expect(await refusalOf(bed.assume(await bed.sign(claims)))).toBe(refused);
    expect(bed.aws.accounts.sessions()).toEqual([]);
  });

  it('refuses an expired token, one signed by another key, one of another algorithm, and no token at all', async () => {
    const bed = await startIdentityBed();
    const late = await bed.sign({ exp: bed.seconds(-1) });
    expect(await refusalOf(bed.assume(late))).toBe('ExpiredTokenException 400');
    const { privateKey } = await generateKeyPair('ES256');
    const forged = await bed.sign({}, privateKey);
    expect(await refusalOf(bed.assume(forged))).toBe('InvalidIdentityTokenException 400');
    expect(await refusalOf(bed.assume('not.a.jwt'))).toBe('InvalidIdentityTokenException 400');
    expect(await refusalOf(bed.assume('abc'))).toBe('ValidationError 400');
    const other = await startIdentityBed('ES384');
    expect(await refusalOf(other.assume(await other.sign()))).toBe(
      'InvalidIdentityTokenException 400',
    );
  });

  it('follows a rotated key set', async () => {
    const bed = await startIdentityBed();
    const token = await bed.sign();
    const { publicKey } = await generateKeyPair('ES256');
    bed.provider.jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'two', alg: 'ES256' }] };
    expect(await refusalOf(bed.assume(token))).toBe('InvalidIdentityTokenException 400');
  });

  it('keeps to the role’s lifetime', async () => {
    const bed = await startIdentityBed();
    const token = await bed.sign();
    expect(await refusalOf(bed.assume(token, 3601))).toBe('ValidationError 400');
    const keys = keysOf(await bed.assume(token, 900));
    expect(keys.expiration.getTime() - bed.clock.now()).toBe(900_000);
  });

  it('takes session tags from the token when the role’s trust allows them', async () => {
    const claims = {
      'https://aws.amazon.com/tags': {
        principal_tags: { team: ['red'] },
        transitive_tag_keys: ['team'],
      },
    };
    const plain = await startIdentityBed();
    expect(await refusalOf(plain.assume(await plain.sign(claims)))).toBe('AccessDenied 403');
    const bed = await startIdentityBed('ES256', ['sts:TagSession']);
    await bed.assume(await bed.sign(claims));
    expect(bed.aws.accounts.sessions()[0]?.principal).toMatchObject({
      tags: new Map([['team', 'red']]),
      transitiveTagKeys: ['team'],
    });
  });
});
