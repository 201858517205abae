import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import sso from '../../../src/connectors/aws/auth-methods/sso.ts';
import { loginOfToken } from '../../../src/connectors/aws/sso-token.ts';
import type { LoginResult } from '../../../src/connectors/contract.ts';
import type { AwsSession } from '../../../src/core/credential.ts';
import { cloudOf, connectorOf, never } from './aws-bed.ts';
import { signIn, SSO_REGION } from './cli-sign-in.ts';
import { passingClock } from './passing-clock.ts';
import { ACCOUNT, issueBy, startSourceBed, ZENFILES, type SourceBed } from './source-bed.ts';

let bed: SourceBed;
let config: Record<string, string>;

beforeAll(async () => {
  bed = await startSourceBed();
  config = {
    sso_start_url: bed.aws.sso.startUrl,
    sso_region: SSO_REGION,
    sso_account_id: ACCOUNT,
    sso_role_name: 'Developer',
    region: 'eu-west-1',
  };
});

beforeEach(() => bed.aws.faults.clear());

/** A connector somebody has logged in to, as the store sees it: what is saved is read next time. */
async function loggedIn() {
  const machine = bed.machineWith();
  const cloud = cloudOf(machine);
  const store = { login: loginOfToken(await signIn(bed)), saved: 0, locked: false };
  const saveLogin = async (login: LoginResult): Promise<void> => {
    if (store.locked) throw new Error('locked');
    store.login = login;
    store.saved += 1;
  };
  const issue = (more: object = {}): Promise<AwsSession> =>
    issueBy(
      sso,
      machine,
      { ...config, ...more },
      {
        ...('role_arn' in more ? { scope: ZENFILES } : {}),
        connector: { login: store.login.fields },
        cloud,
        saveLogin,
      },
    );
  return { store, issue, machine };
}

const parse = (more: object) => sso.config.parse({ ...config, ...more });

describe('sso', () => {
  it('logs in with a browser', async () => {
    const machine = bed.machineWith();
    let code = '';
    const clock = passingClock(bed.clock, () => bed.aws.sso.decide(code, 'approved'));
    const flow = await sso.login?.({
      connector: connectorOf(),
      config: sso.config.parse(config),
      seconds: 0,
      cloud: cloudOf({ ...machine, clock }),
      machine,
      signal: never(),
    });
    if (flow?.prompt.kind !== 'device') throw new Error('no device code');
    code = flow.prompt.userCode;
    const login = await flow.finish(undefined, never());
    // Kept as long as the client may refresh, not only as long as the access token lives.
    expect(login.expiresAt).toBeGreaterThan(bed.clock.now() + 80 * 86_400_000);
    expect(JSON.stringify(login.fields)).not.toMatch(/aoaAAAAAG|aorAAAAAG/);
    const connector = { login: login.fields };
    await expect(issueBy(sso, machine, config, { connector })).resolves.toHaveProperty('expiresAt');
  });

  it('hands on the permission set’s credentials with their true expiry', async () => {
    const { issue } = await loggedIn();
    const session = await issue();
    expect(session).toMatchObject({ accountId: ACCOUNT, region: 'eu-west-1' });
    expect(session.principalArn).toContain(':assumed-role/AWSReservedSSO_Developer_');
    expect(session.expiresAt).toBe(bed.aws.accounts.sessions().at(-1)?.expiresAt);
  });

  it('assumes a role from it, which is narrowed', async () => {
    const { issue } = await loggedIn();
    const session = await issue({ role_arn: bed.data });
    expect(await bed.reach(session)).toEqual(['zenfiles']);
    expect(sso.narrows(parse({}))).toBe(false);
    expect(sso.lifetimeOf?.(parse({}))).toBeUndefined();
    expect(sso.narrows(parse({ role_arn: bed.data }))).toBe(true);
    expect(sso.lifetimeOf?.(parse({ role_arn: bed.data }))?.max).toBe(3600);
  });

  it('renews the sign-in and keeps what it got, hour after hour', async () => {
    const { issue, store } = await loggedIn();
    for (let hour = 0; hour < 7; hour++) {
      // oxlint-disable-next-line no-await-in-loop -- the hours follow each other
      await issue();
      // oxlint-disable-next-line no-await-in-loop -- as above
      await bed.clock.advance(3_400_000);
    }
    expect(store.saved).toBe(6);
  });

  it('does not lose a renewed sign-in that the store would not take', async () => {
    const { issue, store } = await loggedIn();
    await bed.clock.advance(3_590_000);
    store.locked = true;
    await expect(issue()).resolves.toHaveProperty('expiresAt');
    store.locked = false;
    await issue();
    expect(store.saved).toBe(1);
    await bed.clock.advance(3_590_000);
    await expect(issue()).resolves.toHaveProperty('expiresAt');
  });

  it('uses the last minutes of a token that cannot be renewed just now', async () => {
    const { issue } = await loggedIn();
    await bed.clock.advance(3_400_000);
    bed.aws.faults.add('sso-oidc:*', { kind: 'reset' });
    await expect(issue()).resolves.toHaveProperty('expiresAt');
    await bed.clock.advance(300_000);
    await expect(issue()).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  });

  it('needs a person when the sign-in has ended, and says what to run', async () => {
    const { issue } = await loggedIn();
    bed.aws.sso.signOutEverywhere();
    await expect(issue()).rejects.toMatchObject({
      code: 'LOGIN_REQUIRED',
      hint: 'run: valetkey connector login aws-dev',
    });
    await expect(issueBy(sso, bed.machineWith(), config)).rejects.toMatchObject({
      code: 'LOGIN_REQUIRED',
    });
  });

  it('tells what is not assigned', async () => {
    const { issue } = await loggedIn();
    await expect(issue({ sso_role_name: 'Admin' })).rejects.toMatchObject({
      code: 'UPSTREAM_DENIED',
      upstreamCode: 'ForbiddenException',
    });
  });

  it.each([
    ['sso_start_url', 'http://d-1234567890.awsapps.com/start'],
    ['sso_region', 'europe'],
    ['sso_account_id', '1234'],
    ['sso_role_name', 'a b'],
  ])('refuses %s = %s', (field, value) => {
    const parsed = sso.config.safeParse({ ...config, [field]: value });
    expect(parsed.error?.issues[0]?.path).toEqual([field]);
  });
});
