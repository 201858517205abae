import { describe, expect, it } from 'vitest';

import { localServer } from '../aws/local-server.ts';
import { accessBoundary } from './boundaries.ts';
import { allOf, failureOf, hidden, issueBy, methodOf, openBed, type Ask, type Bed } from './bed.ts';

const METHOD = 'user-account';
const PREFIX = 'https://www.googleapis.com/auth/';
const CLOUD_PLATFORM = `${PREFIX}cloud-platform`;
const READ_ONLY = `${PREFIX}devstorage.read_only`;
const DRIVE = `${PREFIX}drive`;
const CONSENTED = [
  'openid',
  `${PREFIX}userinfo.email`,
  CLOUD_PLATFORM,
  `${PREFIX}sqlservice.login`,
];

const issue = async (bed: Bed, ask: Partial<Ask> = {}) =>
  await issueBy(METHOD, bed, {
    secret: { user_account_json: bed.userFile },
    ...ask,
    config: { project_id: bed.project, ...ask.config },
  });

describe('access tokens', () => {
  it('carry all that was consented to, without asking for it', async () => {
    const bed = await openBed();
    const config = { account_email: bed.person.email };
    const token = await issue(bed, { config });
    expect(token).toMatchObject({
      principal: bed.person.email,
      account: bed.project,
      scopes: CONSENTED,
      issuedAt: bed.clock.now(),
      expiresAt: bed.clock.now() + 3_599_000,
    });
    expect(bed.google.calls.all()).toEqual({ 'oauth2:refresh-token': 1 });
  });

  it('carry no more than the connector lists, of what was consented to', async () => {
    const bed = await openBed();
    const config = { scopes: ['openid', 'email'] };
    expect((await issue(bed, { config })).scopes).toEqual(['openid', `${PREFIX}userinfo.email`]);
    const chosen = await failureOf(issue(bed, { config, scopes: [READ_ONLY] }));
    expect(chosen.code).toBe('SCOPE_NOT_GRANTED');
  });

  it('are refused, with what to do, when the connector lists what was not consented to', async () => {
    const error = await failureOf(issue(await openBed(), { config: { scopes: DRIVE } }));
    expect(error).toMatchObject({ code: 'UPSTREAM_INVALID', upstreamCode: 'invalid_scope' });
    expect(error.hint).toContain('log in again');
  });

  it('have no principal when nobody said whose login it is', async () => {
    expect((await issue(await openBed())).principal).toBe('');
  });

  it('have the scopes of the grant when the person consented to these very ones', async () => {
    const bed = await openBed();
    const token = await issue(bed, { scope: { scopes: [CLOUD_PLATFORM, 'email'] } });
    expect(token.scopes).toEqual([CLOUD_PLATFORM, `${PREFIX}userinfo.email`]);
  });

  it.each([
    ['itself', 'openid', ['openid']],
    ['by its long name', 'email', [`${PREFIX}userinfo.email`]],
    ['what covers it', READ_ONLY, [CLOUD_PLATFORM]],
  ])('have for a client’s choice the consented scope: %s', async (_what, asked, got) => {
    expect((await issue(await openBed(), { scopes: [asked] })).scopes).toEqual(got);
  });

  it('ask once for what covers several', async () => {
    const bed = await openBed();
    const scopes = [READ_ONLY, `${PREFIX}logging.write`, CLOUD_PLATFORM];
    expect((await issue(bed, { scopes })).scopes).toEqual([CLOUD_PLATFORM]);
  });

  it('never have more than the grant for a client’s choice', async () => {
    const bed = await openBed();
    const config = { scopes: [READ_ONLY, CLOUD_PLATFORM] };
    const asking = issue(bed, {
      config,
      scope: { scopes: [READ_ONLY] },
      scopes: [`${PREFIX}logging.write`],
    });
    expect(await failureOf(asking)).toMatchObject({ code: 'SCOPE_NOT_GRANTED' });
    expect(bed.google.calls.all()).toEqual({});
  });

  it('are not handed on when they have more than the grant, whatever was asked for', async () => {
    const bed = await openBed();
    const body = { access_token: 'ya29.planted', expires_in: 3599, scope: CONSENTED.join(' ') };
    const { url } = await localServer(() => ({ body: JSON.stringify(body) }));
    const config = { token_endpoint: `${url}/token` };
    const error = await failureOf(issue(bed, { config, scope: { scopes: ['openid'] } }));
    expect(error).toMatchObject({ code: 'SCOPE_UNSUPPORTED' });
    expect(allOf(error)).not.toContain('ya29.planted');
    const within = await issue(bed, { config, scope: { scopes: CONSENTED } });
    expect(within.scopes).toEqual(CONSENTED);
  });

  it('are narrowed to a bucket', async () => {
    const bed = await openBed();
    const { token } = await issue(bed, { scope: { boundary: accessBoundary('zenfiles') } });
    const status = async (bucket: string) =>
      (
        await fetch(`${bed.google.url}/storage/v1/b/${bucket}/o`, {
          headers: { authorization: `Bearer ${token}` },
        })
      ).status;
    expect([await status('zenfiles'), await status('payroll')]).toEqual([200, 403]);
  });
});

describe('narrowing', () => {
  const narrows = (scopes: string[] | undefined, asked: string[]) => {
    const method = methodOf(METHOD);
    const config = method.config.parse({ project_id: 'data-prod', scopes });
    return method.narrows(config, { scopes: asked });
  };

  it('is for scopes that were consented to: a wider one would be no narrowing', () => {
    expect(narrows(undefined, [CLOUD_PLATFORM])).toBe(true);
    expect(narrows(undefined, ['email'])).toBe(true);
    expect(narrows(undefined, [READ_ONLY])).toBe(false);
    expect(narrows([READ_ONLY], [READ_ONLY])).toBe(true);
    expect(narrows([READ_ONLY], [READ_ONLY, CLOUD_PLATFORM])).toBe(false);
  });

  it('to buckets is always possible', () => {
    const method = methodOf(METHOD);
    const config = method.config.parse({ project_id: 'data-prod', scopes: READ_ONLY });
    expect(method.narrows(config, { boundary: accessBoundary('zenfiles') })).toBe(true);
  });
});

it('makes no identity tokens', () => {
  expect(methodOf(METHOD).issueIdToken).toBeUndefined();
});

describe('what a login tells of itself', () => {
  const complete = (file: object) =>
    methodOf(METHOD).complete?.(
      { project_id: 'data-prod', universe_domain: 'googleapis.com' },
      hidden({ user_account_json: JSON.stringify(file) }),
    );

  it('is its quota project and, where gcloud kept it, its e-mail', async () => {
    const { person } = await openBed();
    const file = { ...person.authorizedUser(), quota_project_id: 'billed-1', account: 'a@b.cd' };
    expect(complete(file)).toEqual({ account_email: 'a@b.cd', quota_project: 'billed-1' });
    expect(complete({ ...file, account: '', quota_project_id: undefined })).toEqual({});
  });
});

describe('a login that Google does not accept any more', () => {
  it.each<[string, (bed: Bed) => void, object]>([
    [
      'revoked',
      ({ person }) => person.revoke(),
      { code: 'UPSTREAM_BAD_CREDENTIAL', upstreamCode: 'invalid_grant' },
    ],
    [
      'to be repeated',
      ({ person }) => person.requireReauth(),
      { code: 'LOGIN_REQUIRED', upstreamCode: 'invalid_rapt' },
    ],
    [
      'of a scope it was not given for',
      ({ google }) => {
        google.faults.add('*', { kind: 'error', status: 400, code: 'invalid_scope' });
      },
      { code: 'UPSTREAM_INVALID', upstreamCode: 'invalid_scope' },
    ],
  ])('is %s: the hint says how to log in', async (_what, happen, expected) => {
    const bed = await openBed();
    happen(bed);
    const error = await failureOf(issue(bed));
    expect(error).toMatchObject({
      ...expected,
      hint: expect.stringMatching(/gcloud auth application-default login/),
    });
    const { refresh_token: token } = bed.person.authorizedUser();
    expect(allOf(error)).not.toContain(token);
    expect(allOf(error)).not.toContain(bed.person.client.clientSecret);
    expect(bed.google.calls.all()).toEqual({ 'oauth2:refresh-token': 1 });
  });

  it('is of another OAuth client', async () => {
    const bed = await openBed();
    const file = { ...bed.person.authorizedUser(), client_secret: 'GOCSPX-another' };
    const error = await failureOf(
      issue(bed, { secret: { user_account_json: JSON.stringify(file) } }),
    );
    expect(error).toMatchObject({
      code: 'UPSTREAM_BAD_CREDENTIAL',
      upstreamCode: 'invalid_client',
    });
    expect(allOf(error)).not.toContain('GOCSPX-another');
  });
});
