import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { promisify } from 'node:util';
import { exportJWK, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';

import type {
  BearerToken,
  GcpPlace,
  ServiceAccountKey,
} from '../../../src/connectors/gcp/cloud.ts';
import { parseKeyFile } from '../../../src/connectors/gcp/key-file.ts';
import { secret } from '../../../src/core/secret.ts';
import type { Fault } from '../../../src/stand-ins/google/faults.ts';
import { accessBoundary } from './boundaries.ts';
import { allOf, claimsOf, failureOf, never, openBed, type Bed } from './bed.ts';

const PLACE: GcpPlace = { universeDomain: 'googleapis.com' };
const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';
const READ_ONLY = 'https://www.googleapis.com/auth/devstorage.read_only';

const total = ({ google }: Bed): number =>
  Object.values(google.calls.all()).reduce((sum, count) => sum + count, 0);

const keyOf = ({ keyFile }: Bed): ServiceAccountKey => parseKeyFile(secret(keyFile()), PLACE);

const tokenOf = async (bed: Bed, scopes = [CLOUD_PLATFORM]): Promise<BearerToken> =>
  await bed.cloud.auth.keyToken(keyOf(bed), { scopes }, PLACE, never());

/** A service account that the bed's own may become, and nobody else. */
function target(bed: Bed, name = 'target'): string {
  const { email } = bed.google.accounts.addServiceAccount({ name, project: bed.project });
  const member = `serviceAccount:${bed.robot.email}`;
  bed.google.accounts.grant({ member, role: 'tokenCreator', on: email });
  return email;
}

/** One exchange of each kind, ready to be made. */
const EXCHANGES: Readonly<
  Record<string, (bed: Bed) => Promise<(signal: AbortSignal) => Promise<unknown>>>
> = {
  'a key’s token': async (bed) => {
    const key = keyOf(bed);
    return (signal) => bed.cloud.auth.keyToken(key, { scopes: ['openid'] }, PLACE, signal);
  },
  'a key’s identity token': async (bed) => {
    const key = keyOf(bed);
    return (signal) => bed.cloud.auth.keyIdToken(key, 'aud', PLACE, signal);
  },
  'a person’s token': async (bed) => {
    const file = bed.person.authorizedUser();
    const user = {
      clientId: bed.person.client.clientId,
      clientSecret: secret(bed.person.client.clientSecret),
      refreshToken: secret(file.refresh_token),
    };
    return (signal) => bed.cloud.auth.userToken(user, undefined, PLACE, signal);
  },
  'a federated token': async (bed) => {
    const federation = await federationOf(bed);
    return (signal) => bed.cloud.auth.federatedToken(federation, [CLOUD_PLATFORM], PLACE, signal);
  },
  impersonation: async (bed) => {
    const { token } = await tokenOf(bed);
    const ask = { target: target(bed), delegates: [], scopes: ['openid'], seconds: 600 };
    return (signal) => bed.cloud.auth.impersonate(token, ask, PLACE, signal);
  },
  'impersonation’s identity token': async (bed) => {
    const { token } = await tokenOf(bed);
    const ask = { target: target(bed), delegates: [], audience: 'aud' };
    return (signal) => bed.cloud.auth.impersonatedIdToken(token, ask, PLACE, signal);
  },
  'a narrowed token': async (bed) => {
    const token = await tokenOf(bed);
    const rules = accessBoundary('zenfiles');
    return (signal) => bed.cloud.auth.downscope(token, rules, PLACE, signal);
  },
};

async function federationOf({ google, clock }: Bed) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' };
  const issuer = 'https://issuer.example';
  const { audience } = google.pools.addPool({
    projectNumber: '123456789012',
    pool: 'ci-pool',
    provider: 'runner',
    oidc: { issuer, jwks: { keys: [jwk] } },
  });
  const now = Math.floor(clock.now() / 1000);
  const subjectToken = await new SignJWT({ sub: 'job' })
    .setProtectedHeader({ alg: 'RS256', kid: 'one' })
    .setIssuer(issuer)
    .setAudience(`https:${audience}`)
    .setIssuedAt(now)
    .setExpirationTime(now + 600)
    .sign(privateKey);
  return {
    audience,
    subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
    subjectToken: secret(subjectToken),
  };
}

describe.each(Object.entries(EXCHANGES))('%s', (_what, prepare) => {
  it('costs one call', async () => {
    const bed = await openBed();
    const run = await prepare(bed);
    bed.google.calls.reset();
    await run(never());
    expect(total(bed)).toBe(1);
  });

  it.each<[string, Fault, string]>([
    ['an outage', { kind: 'error', status: 503 }, 'UPSTREAM_UNAVAILABLE'],
    ['an error of Google’s own', { kind: 'error', status: 500 }, 'UPSTREAM_UNAVAILABLE'],
    ['a time-out of Google’s', { kind: 'error', status: 408 }, 'UPSTREAM_UNAVAILABLE'],
    ['a quota', { kind: 'error', status: 429 }, 'UPSTREAM_THROTTLED'],
    ['a cut connection', { kind: 'reset' }, 'UPSTREAM_UNAVAILABLE'],
    ['half an answer', { kind: 'body', body: 'malformed' }, 'UPSTREAM_MALFORMED'],
    ['a web page', { kind: 'body', body: 'html' }, 'UPSTREAM_MALFORMED'],
    ['an empty answer', { kind: 'body', body: 'empty' }, 'UPSTREAM_MALFORMED'],
    ['an endless answer', { kind: 'body', body: 'oversized' }, 'UPSTREAM_MALFORMED'],
  ])('meets %s with one call and the right error', async (_fault, fault, code) => {
    const bed = await openBed();
    const run = await prepare(bed);
    bed.google.calls.reset();
    bed.google.faults.add('*', fault);
    expect(await failureOf(run(never()))).toMatchObject({ code });
    expect(total(bed)).toBe(1);
  });

  it('ends at once when it is aborted, with the reason', async () => {
    const bed = await openBed();
    const run = await prepare(bed);
    bed.google.calls.reset();
    const reason = new Error('enough');
    await expect(run(AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(total(bed)).toBe(0);
    bed.google.faults.add('*', { kind: 'hang' });
    const abort = new AbortController();
    const running = run(abort.signal);
    await Promise.race([arrived(bed), running]);
    abort.abort(reason);
    await expect(running).rejects.toBe(reason);
  });

  it('is given up after ten seconds', async () => {
    const bed = await openBed();
    const run = await prepare(bed);
    bed.google.calls.reset();
    bed.google.faults.add('*', { kind: 'hang' });
    const running = failureOf(run(never()));
    await arrived(bed);
    await bed.clock.advance(10_000);
    expect(await running).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(total(bed)).toBe(1);
  });
});

/** Until the stand-in has been asked something. */
async function arrived(bed: Bed): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- one turn of the event loop at a time
  while (total(bed) === 0) await new Promise((resolve) => setImmediate(resolve));
}

describe('an answer that cannot be trusted', () => {
  it.each<[string, unknown]>([
    ['expires_in', undefined],
    ['expires_in', null],
    ['expires_in', 0],
    ['expires_in', -1],
    ['expires_in', '3599'],
    ['expires_in', 1e12],
    ['access_token', undefined],
    ['access_token', ''],
    ['access_token', 'two words'],
    ['access_token', 'line\r\nSet-Cookie: x'],
    ['access_token', 7],
    ['token_type', 'mac'],
    ['scope', 7],
  ])('%s = %j', async (name, value) => {
    const bed = await openBed();
    bed.google.faults.add('oauth2:*', { kind: 'field', name, value });
    const error = await failureOf(tokenOf(bed));
    expect(error).toMatchObject({ code: 'UPSTREAM_MALFORMED' });
    expect(allOf(error)).not.toMatch(/ya29|Set-Cookie/);
  });

  it.each<[string, unknown]>([
    ['expireTime', undefined],
    ['expireTime', 'soon'],
    ['expireTime', 3600],
    ['accessToken', undefined],
    ['accessToken', ''],
  ])('of impersonation: %s = %j', async (name, value) => {
    const bed = await openBed();
    const { token } = await tokenOf(bed);
    const ask = { target: target(bed), delegates: [], scopes: ['openid'], seconds: 600 };
    bed.google.faults.add('iamcredentials:*', { kind: 'field', name, value });
    const error = await failureOf(bed.cloud.auth.impersonate(token, ask, PLACE, never()));
    expect(error).toMatchObject({ code: 'UPSTREAM_MALFORMED' });
  });
});

describe('impersonation', () => {
  it('is for as long as was asked, through the accounts in between', async () => {
    const bed = await openBed();
    const middle = target(bed, 'middle');
    const { email: last } = bed.google.accounts.addServiceAccount({
      name: 'last',
      project: bed.project,
    });
    const member = `serviceAccount:${middle}`;
    bed.google.accounts.grant({ member, role: 'tokenCreator', on: last });
    const { token } = await tokenOf(bed);
    const ask = { target: last, scopes: [READ_ONLY], seconds: 900 };
    const issued = await bed.cloud.auth.impersonate(
      token,
      { ...ask, delegates: [middle] },
      PLACE,
      never(),
    );
    expect(issued).toMatchObject({ expiresAt: bed.clock.now() + 900_000, scopes: [READ_ONLY] });
    const direct = bed.cloud.auth.impersonate(token, { ...ask, delegates: [] }, PLACE, never());
    expect(await failureOf(direct)).toMatchObject({
      code: 'UPSTREAM_DENIED',
      upstreamCode: 'PERMISSION_DENIED',
      hint: expect.stringMatching(/Token Creator/),
    });
  });

  it('of nobody, for too long, or with a dead token is refused', async () => {
    const bed = await openBed();
    const { token } = await tokenOf(bed);
    const ask = { target: target(bed), delegates: [], scopes: ['openid'], seconds: 600 };
    const { auth } = bed.cloud;
    const nobody = { ...ask, target: 'nobody@data-prod.iam.gserviceaccount.com' };
    expect((await failureOf(auth.impersonate(token, nobody, PLACE, never()))).code).toBe(
      'UPSTREAM_DENIED',
    );
    const long = { ...ask, seconds: 7200 };
    expect(await failureOf(auth.impersonate(token, long, PLACE, never()))).toMatchObject({
      code: 'UPSTREAM_INVALID',
      hint: expect.stringMatching(/organisation/),
    });
    await bed.clock.advance(3_600_000);
    expect(await failureOf(auth.impersonate(token, ask, PLACE, never()))).toMatchObject({
      code: 'UPSTREAM_BAD_CREDENTIAL',
      upstreamCode: 'UNAUTHENTICATED',
    });
  });

  it('cannot be led to another path by an odd e-mail', async () => {
    const bed = await openBed();
    const { token } = await tokenOf(bed);
    const ask = { delegates: [], scopes: ['openid'], seconds: 600 };
    const odd = `x@y.z:signBlob?/../../${target(bed)}`;
    const error = await failureOf(
      bed.cloud.auth.impersonate(token, { ...ask, target: odd }, PLACE, never()),
    );
    expect(error.code).toMatch(/UPSTREAM_(DENIED|INVALID)/);
    expect(bed.google.calls.count('iamcredentials:signBlob')).toBe(0);
  });

  it('speaks for a person without a key: signed by Google, then exchanged', async () => {
    const bed = await openBed();
    const email = target(bed);
    const { token } = await tokenOf(bed);
    const ask = { target: email, delegates: [], scopes: [READ_ONLY], seconds: 3600 };
    const speak = async () =>
      await bed.cloud.auth.impersonate(
        token,
        { ...ask, subject: bed.person.email },
        PLACE,
        never(),
      );
    expect(await failureOf(speak())).toMatchObject({ upstreamCode: 'unauthorized_client' });
    const account = bed.google.accounts.findAccount(email);
    bed.google.accounts.domainWideDelegation(account?.principal.uniqueId ?? '', [READ_ONLY]);
    bed.google.calls.reset();
    const issued = await speak();
    expect(issued).toMatchObject({ expiresAt: bed.clock.now() + 3_599_000, scopes: [READ_ONLY] });
    expect(bed.google.calls.all()).toEqual({
      'iamcredentials:signJwt': 1,
      'oauth2:jwt-bearer': 1,
    });
  });

  it('makes identity tokens with the account’s e-mail', async () => {
    const bed = await openBed();
    const email = target(bed);
    const { token } = await tokenOf(bed);
    const ask = { target: email, delegates: [], audience: 'https://run.example' };
    const issued = await bed.cloud.auth.impersonatedIdToken(token, ask, PLACE, never());
    const claims = claimsOf(issued.token.reveal());
    expect(claims).toMatchObject({ aud: 'https://run.example', email });
    expect(issued.expiresAt).toBe(Number(claims['exp']) * 1000);
  });
});

describe('federation', () => {
  it('exchanges the provider’s token for the scopes asked for', async () => {
    const bed = await openBed();
    const federation = await federationOf(bed);
    const issued = await bed.cloud.auth.federatedToken(
      federation,
      [CLOUD_PLATFORM],
      PLACE,
      never(),
    );
    expect(issued.scopes).toEqual([CLOUD_PLATFORM]);
    expect(issued.expiresAt).toBeGreaterThan(bed.clock.now());
  });

  it('says what is wrong with a token, and does not show it', async () => {
    const bed = await openBed();
    const federation = await federationOf(bed);
    await bed.clock.advance(7_200_000);
    const error = await failureOf(
      bed.cloud.auth.federatedToken(federation, [CLOUD_PLATFORM], PLACE, never()),
    );
    expect(error).toMatchObject({
      code: 'UPSTREAM_BAD_CREDENTIAL',
      upstreamCode: 'invalid_grant',
      hint: expect.stringMatching(/identity token/),
    });
    expect(allOf(error)).not.toContain(federation.subjectToken.reveal());
  });
});

it('loads Google’s library at the first call that needs it, and not for signing here', async () => {
  const script = `
    import { createRequire } from 'node:module';
    import gcp from ${JSON.stringify(new URL('../../../src/connectors/gcp/index.ts', import.meta.url).href)};
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('google-auth-library'));
    const cloud = gcp.connect({ clock: { now: () => 0, monotonic: () => 0, sleep: () => new Promise(() => {}) }, env: {}, implicit: { allow: [] } });
    const before = loaded();
    const place = { universeDomain: 'googleapis.com', tokenEndpoint: 'http://127.0.0.1:9/token' };
    const user = { clientId: 'a', clientSecret: { reveal: () => 'b' }, refreshToken: { reveal: () => 'c' } };
    const failed = await cloud.auth.userToken(user, undefined, place, new AbortController().signal).catch((error) => error.code);
    console.log(JSON.stringify([before, loaded(), failed]));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    script,
  ]);
  expect(JSON.parse(stdout)).toEqual([false, true, 'UPSTREAM_UNAVAILABLE']);
});
