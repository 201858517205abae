import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Fault } from '../../src/stand-ins/google/faults.ts';
import { oidcIssuer } from '../../src/stand-ins/google/oidc-issuer.ts';
import type { TestGoogle } from '../support/google.ts';
import { temporaryHome } from '../support/home.ts';
import { CONNECTOR, googleBed } from './google-bed.ts';
import type { GoogleBed, GoogleBedOptions } from './google-bed.ts';

/*
 * Credentials that more than one of Google's services, or somebody else before them, has a part in:
 * what clients are told when one of these says no. Reference 4.4.
 */

interface Row {
  readonly name: string;
  /** What goes wrong, and how it is mended again. */
  readonly wrong: (bed: GoogleBed) => () => void;
  readonly token: 403 | 503;
  readonly identity: 200 | 404 | 503;
  readonly code: string;
  readonly upstreamCode?: string;
  /** What a person is told to do. */
  readonly says?: string;
}

const DENIED = { token: 403, identity: 404, code: 'UPSTREAM_DENIED' } as const;
const BAD_CREDENTIAL = { token: 403, identity: 404, code: 'UPSTREAM_BAD_CREDENTIAL' } as const;
const INVALID = { token: 403, identity: 404, code: 'UPSTREAM_INVALID' } as const;
const THROTTLED = { token: 503, identity: 503, code: 'UPSTREAM_THROTTLED' } as const;
const DOWN = { token: 503, identity: 503, code: 'UPSTREAM_UNAVAILABLE' } as const;
const MALFORMED = { token: 503, identity: 503, code: 'UPSTREAM_MALFORMED' } as const;

const SKEWED = { token: 503, identity: 503, code: 'UPSTREAM_CLOCK_SKEW', says: 'clock' } as const;
/** What Google issues then has ended before it arrives. */
const BEHIND: Fault = { kind: 'clock-skew', milliseconds: -2 * 3_600_000 };

const by = (operation: string, fault: Fault) => (bed: GoogleBed) =>
  bed.google.faults.add(operation, fault);
const error = (status: number, code: string): Fault => ({ kind: 'error', status, code });

/** Breaks one thing before anybody asked, and mends it after everybody was refused. */
async function judge(bed: GoogleBed, row: Row): Promise<void> {
  const mend = row.wrong(bed);
  const refused = await bed.patiently(bed.token);
  expect([refused.status, refused.body.split('\n')]).toEqual([row.token, [expect.any(String)]]);
  const identity = await bed.patiently(bed.identity);
  expect([identity.status, identity.headers['metadata-flavor']]).toEqual([row.identity, 'Google']);
  expect(bed.logged('failed')[0]).toMatchObject({
    subject: { connector: CONNECTOR },
    code: row.code,
    ...(row.upstreamCode === undefined ? {} : { upstreamCode: row.upstreamCode }),
  });
  if (row.upstreamCode !== undefined) expect(refused.body).toContain(row.upstreamCode);
  if (row.says !== undefined) expect(refused.body).toContain(row.says);
  const asked = bed.google.log.length;
  for (let i = 0; i < 20; i += 1) await bed.token();
  expect(bed.google.log.length - asked).toBeLessThanOrEqual(2);
  const proof = identity.status === 200 ? '' : identity.body;
  for (const text of [refused.body, proof, bed.daemon.logText()]) {
    expect(text).not.toMatch(/ya29\.|eyJ|PRIVATE KEY|1\/\/0/);
  }
  mend();
  expect((await bed.until(200, bed.token)).status).toBe(200);
}

const TARGET = 'target@data-prod.iam.gserviceaccount.com';

/** The robot may become the target. */
async function impersonating(more: Partial<ReturnType<ConnectorOf>> = {}) {
  const bed = await googleBed({
    connector: ({ keyAttributes }) => ({
      auth_method: 'impersonation',
      attributes: { ...keyAttributes, target_principal: TARGET },
      ...more,
    }),
  });
  const target = bed.google.accounts.addServiceAccount({ email: TARGET, project: bed.project });
  const member = `serviceAccount:${bed.robot.email}`;
  const allow = () => bed.google.accounts.grant({ member, role: 'tokenCreator', on: TARGET });
  return { bed, target, allow };
}
type ConnectorOf = NonNullable<GoogleBedOptions['connector']>;

describe('impersonation', () => {
  const IAM = 'iamcredentials:*';
  const ROWS: readonly Row[] = [
    {
      name: 'the API is not enabled',
      wrong: by(IAM, error(403, 'SERVICE_DISABLED')),
      ...DENIED,
      upstreamCode: 'SERVICE_DISABLED',
      says: 'gcloud services enable',
    },
    {
      name: 'quota',
      wrong: by(IAM, error(429, 'RESOURCE_EXHAUSTED')),
      ...THROTTLED,
      upstreamCode: 'RESOURCE_EXHAUSTED',
    },
    {
      name: 'the source’s token is not accepted',
      wrong: by(IAM, error(401, 'UNAUTHENTICATED')),
      ...BAD_CREDENTIAL,
      upstreamCode: 'UNAUTHENTICATED',
    },
    {
      name: '503',
      wrong: by(IAM, error(503, 'UNAVAILABLE')),
      ...DOWN,
      upstreamCode: 'UNAVAILABLE',
    },
    { name: 'half a JSON', wrong: by(IAM, { kind: 'body', body: 'malformed' }), ...MALFORMED },
    { name: 'a captive portal', wrong: by(IAM, { kind: 'body', body: 'html' }), ...MALFORMED },
    { name: 'a reset', wrong: by(IAM, { kind: 'reset' }), ...DOWN },
    { name: 'a clock that is two hours behind', wrong: by(IAM, BEHIND), ...SKEWED },
    {
      name: 'a token until no date',
      wrong: by(IAM, { kind: 'field', name: 'expireTime', value: 'tomorrow' }),
      ...MALFORMED,
      identity: 200,
    },
    {
      name: 'a token without an end',
      wrong: by(IAM, { kind: 'field', name: 'expireTime' }),
      ...MALFORMED,
      identity: 200,
    },
    {
      name: 'no tokens at all',
      wrong: by(IAM, { kind: 'body', body: 'empty' }),
      ...MALFORMED,
    },
    {
      name: 'the source’s own key is revoked',
      wrong: by('oauth2:*', error(400, 'invalid_grant')),
      ...BAD_CREDENTIAL,
      upstreamCode: 'invalid_grant',
    },
    { name: 'the source’s side is down', wrong: by('oauth2:*', error(503, 'x')), ...DOWN },
  ];

  test.each(ROWS)('$name: token $token, identity $identity', async (row) => {
    const { bed, allow } = await impersonating();
    allow();
    await judge(bed, row);
  });

  test('not allowed: 403 names the role that is missing; allowed: a token', async () => {
    const { bed, allow } = await impersonating();
    await judge(bed, {
      name: '',
      wrong: () => () => void allow(),
      ...DENIED,
      upstreamCode: 'PERMISSION_DENIED',
      says: 'Service Account Token Creator',
    });
  });

  test('no such account', async () => {
    const { bed, allow, target } = await impersonating();
    allow();
    target.disable();
    const wrong = () => () => target.enable();
    await judge(bed, { name: '', wrong, ...DENIED, upstreamCode: 'NOT_FOUND' });
  });

  test('for longer than the organisation allows', async () => {
    const { bed, allow } = await impersonating({ expiration_seconds: 7_200 });
    allow();
    const wrong = () => () => bed.google.accounts.extendLifetime(TARGET);
    await judge(bed, {
      name: '',
      wrong,
      token: 403,
      identity: 200, // that lives for an hour whatever is configured
      code: 'UPSTREAM_INVALID',
      upstreamCode: 'INVALID_ARGUMENT',
      says: 'lifetime',
    });
  });
});

describe('a person’s login', () => {
  const open = () =>
    googleBed({
      connector: ({ userAttributes }) => ({
        auth_method: 'user-account',
        attributes: userAttributes,
      }),
    });

  test('the organisation wants the password again: 403 says how', async () => {
    const bed = await open();
    const wrong = () => {
      bed.person.requireReauth();
      return () => bed.person.requireReauth(false);
    };
    await judge(bed, {
      name: '',
      wrong,
      token: 403,
      identity: 404,
      code: 'LOGIN_REQUIRED',
      upstreamCode: 'invalid_rapt',
      says: 'gcloud auth application-default login',
    });
  });

  test('consent withdrawn: 403, until another login is stored', async () => {
    const bed = await open();
    expect((await bed.patiently(bed.token)).status).toBe(200);
    bed.person.revoke();
    await bed.clock.advance(3_600_000);
    const refused = await bed.until(403, bed.token);
    expect([refused.status, refused.body]).toEqual([
      403,
      expect.stringContaining('gcloud auth application-default login'),
    ]);
    const again = bed.google.accounts.addUser({
      email: bed.person.email,
      consentedScopes: ['openid', 'https://www.googleapis.com/auth/cloud-platform'],
    });
    const user_account_json = JSON.stringify(again.authorizedUser());
    await bed.daemon.api.update({
      name: CONNECTOR,
      attributes: { user_account_json },
      verify: false,
    });
    expect((await bed.patiently(bed.token)).status).toBe(200);
  });

  test('is no proof of who somebody is: identity 404, and nothing is asked for it', async () => {
    const bed = await open();
    expect((await bed.patiently(bed.identity)).status).toBe(404);
    expect(bed.google.calls.all()).toEqual({});
  });
});

describe('a token narrowed to a bucket', () => {
  const open = () => googleBed({ grant: ', resource_id: "gs://zenfiles", access: read' });
  const STS = 'sts:downscope';
  // What is for a bucket proves nobody, whatever Google says.
  const ROWS: readonly Row[] = [
    {
      name: 'STS refuses the token',
      wrong: by(STS, error(400, 'invalid_grant')),
      ...BAD_CREDENTIAL,
      identity: 404,
    },
    {
      name: 'STS refuses the boundary',
      wrong: by(STS, error(400, 'invalid_request')),
      ...INVALID,
      identity: 404,
    },
    {
      name: 'quota',
      wrong: by(STS, error(429, 'RESOURCE_EXHAUSTED')),
      ...THROTTLED,
      identity: 404,
    },
    { name: '500', wrong: by(STS, error(500, 'server_error')), ...DOWN, identity: 404 },
    {
      name: 'an empty 200',
      wrong: by(STS, { kind: 'body', body: 'empty' }),
      ...MALFORMED,
      identity: 404,
    },
    {
      name: 'the key is revoked',
      wrong: by('oauth2:*', error(400, 'invalid_grant')),
      ...BAD_CREDENTIAL,
      identity: 404,
    },
  ];

  test.each(ROWS)('$name: token $token', async (row) => {
    await judge(await open(), row);
  });

  test('is never handed out whole: while STS is at fault, the wide token behind it stays here', async () => {
    const bed = await open();
    bed.google.faults.add(STS, { kind: 'error', status: 503 });
    await bed.patiently(bed.token);
    const wide = bed.google.tokens.issued().map(({ token }) => token);
    expect(wide.length).toBeGreaterThan(0);
    bed.google.faults.clear();
    const narrow = await bed.until(200, bed.token);
    expect(narrow.body).toContain('ya29.dr');
    for (const token of wide) {
      expect(narrow.body).not.toContain(token);
      expect(bed.daemon.logText()).not.toContain(token);
    }
  });
});

describe('federation', () => {
  /** A pool that trusts an issuer, whose token is in a file, for a service account to become. */
  async function federated(condition: () => boolean = () => true) {
    const home = await temporaryHome();
    const file = join(home, 'token');
    const wire = (world: TestGoogle) => {
      const issuer = oidcIssuer({ now: () => world.clock.now() });
      const pool = world.google.pools.addPool({
        projectNumber: '123456789012',
        pool: 'ci-pool',
        provider: 'runner',
        oidc: issuer,
        condition,
      });
      const member = pool.member('job');
      world.google.accounts.grant({ member, role: 'workloadIdentityUser', on: world.robot.email });
      const write = (claims: object = {}) =>
        writeFileSync(file, issuer.mint({ sub: 'job', aud: pool.audience, ...claims }));
      write();
      return { pool, write };
    };
    let wired: ReturnType<typeof wire> | undefined;
    const bed = await googleBed({
      connector: (world) => {
        wired = wire(world);
        const account = {
          type: 'external_account',
          audience: wired.pool.audience,
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
          token_url: 'https://sts.googleapis.com/v1/token',
          credential_source: { file },
          service_account_impersonation_url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${world.robot.email}:generateAccessToken`,
        };
        return {
          auth_method: 'external-account',
          attributes: { external_account_json: JSON.stringify(account) },
        };
      },
    });
    if (wired === undefined) throw new Error('nothing was wired');
    return { bed, file, ...wired };
  }

  test('the file is not there: 403; it appears: a token', async () => {
    const { bed, file, write } = await federated();
    const wrong = () => {
      rmSync(file);
      return () => write();
    };
    const says = 'credential_source.file';
    await judge(bed, { name: '', wrong, token: 403, identity: 404, code: 'SECRET_MISSING', says });
  });

  test('a token for another audience', async () => {
    const { bed, write } = await federated();
    const wrong = () => {
      write({ aud: 'https://elsewhere.example' });
      return () => write();
    };
    await judge(bed, { name: '', wrong, ...BAD_CREDENTIAL, upstreamCode: 'invalid_grant' });
  });

  test('a token that has expired', async () => {
    const { bed, write } = await federated();
    const wrong = () => {
      write({ exp: Math.floor(bed.clock.now() / 1000) - 3_600 });
      return () => write();
    };
    await judge(bed, { name: '', wrong, ...BAD_CREDENTIAL, upstreamCode: 'invalid_grant' });
  });

  test('the pool’s condition says no', async () => {
    let allowed = false;
    const { bed } = await federated(() => allowed);
    const wrong = () => () => void (allowed = true);
    await judge(bed, { name: '', wrong, ...DENIED, upstreamCode: 'unauthorized_client' });
  });

  test('a clock that is two hours behind', async () => {
    const { bed } = await federated();
    await judge(bed, { name: '', wrong: by('iamcredentials:*', BEHIND), ...SKEWED });
  });

  test('STS is down', async () => {
    const { bed } = await federated();
    await judge(bed, { name: '', wrong: by('sts:exchange', error(503, 'x')), ...DOWN });
  });
});
