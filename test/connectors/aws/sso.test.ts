import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Sso, SsoToken } from '../../../src/connectors/aws/cloud.ts';
import { createSso } from '../../../src/connectors/aws/sso.ts';
import { secret } from '../../../src/core/secret.ts';
import { never, startBed, type Bed } from './aws-bed.ts';
import { localServer } from './local-server.ts';
import { passingClock, type PassingClock } from './passing-clock.ts';

const region = 'eu-central-1';
const accountId = '111122223333';
const roleName = 'Developer';

let bed: Bed;

beforeAll(async () => {
  bed = await startBed();
  bed.aws.sso.assign({ roleName, account: accountId });
});

beforeEach(() => {
  bed.aws.calls.reset();
  bed.aws.faults.clear();
});

function ssoBy(clock: PassingClock): Sso {
  return createSso({ ...bed.machine, clock });
}

/** Starts a sign-in; `decide` is asked at each wait what the person does. */
async function start(decide: (turn: number) => 'approved' | 'denied' | undefined) {
  let userCode = '';
  const clock = passingClock(bed.clock, (turn) => {
    const decision = decide(turn);
    if (decision !== undefined) bed.aws.sso.decide(userCode, decision);
  });
  const sso = ssoBy(clock);
  const device = await sso.startDevice({ startUrl: bed.aws.sso.startUrl, region }, never());
  ({ userCode } = device);
  return { sso, device, clock };
}

async function signIn(): Promise<{ sso: Sso; token: SsoToken }> {
  const { sso, device } = await start(() => 'approved');
  return { sso, token: await device.poll(never()) };
}

describe('a sign-in with a browser', () => {
  it('tells where to go and ends when the person has confirmed', async () => {
    const before = bed.clock.now();
    const { device, clock } = await start((turn) => (turn === 3 ? 'approved' : undefined));
    expect(device.url).toContain(device.userCode);
    expect(device.expiresAt).toBe(before + 600_000);
    const token = await device.poll(never());
    expect(clock.slept).toEqual([1000, 1000, 1000]);
    expect(token.refreshToken).toBeDefined();
    expect(token.expiresAt).toBe(bed.clock.now() + 3_600_000);
    expect(token.clientSecretExpiresAt).toBeGreaterThan(token.expiresAt);
  });

  it('asks five seconds slower each time it is told to slow down', async () => {
    const { device, clock } = await start((turn) => (turn === 4 ? 'approved' : undefined));
    const slow = { kind: 'error', code: 'SlowDownException', status: 400 } as const;
    bed.aws.faults.add('sso-oidc:CreateToken', slow, 2);
    await device.poll(never());
    expect(clock.slept).toEqual([1000, 6000, 11_000, 11_000]);
  });

  it.each([{ interval: 3e9 }, { expiresIn: 1e300 }])(
    'a time that no timer or date holds is refused, not hurried through: %j',
    async (wrong) => {
      const now = bed.clock.now() / 1000;
      const client = { clientId: 'c', clientSecret: 's', clientSecretExpiresAt: now + 3600 };
      const device = { deviceCode: 'd', userCode: 'u', expiresIn: 600, interval: 1, ...wrong };
      const { url } = await localServer(() => ({ body: JSON.stringify({ ...client, ...device }) }));
      const env = { AWS_ENDPOINT_URL_SSO_OIDC: new URL(url).origin };
      const sso = createSso({ ...bed.machine, env });
      const input = { startUrl: bed.aws.sso.startUrl, region };
      await expect(sso.startDevice(input, never())).rejects.toMatchObject({
        code: 'UPSTREAM_MALFORMED',
      });
    },
  );

  it('goes on through an outage', async () => {
    const { device } = await start((turn) => (turn === 2 ? 'approved' : undefined));
    bed.aws.faults.add('sso-oidc:CreateToken', { kind: 'reset' }, 1);
    await expect(device.poll(never())).resolves.toHaveProperty('accessToken');
  });

  it('ends when the person says no', async () => {
    const { device } = await start(() => 'denied');
    await expect(device.poll(never())).rejects.toMatchObject({
      code: 'UPSTREAM_DENIED',
      upstreamCode: 'AccessDeniedException',
    });
  });

  it('ends when the code has expired', async () => {
    const { device, clock } = await start(() => undefined);
    await expect(device.poll(never())).rejects.toMatchObject({ code: 'UPSTREAM_DENIED' });
    expect(bed.clock.now()).toBe(device.expiresAt);
    expect(clock.slept).toHaveLength(600);
  });

  it('stops at once when it is told to', async () => {
    const controller = new AbortController();
    const { device, clock } = await start((turn) => {
      if (turn === 2) controller.abort(new Error('enough'));
      return undefined;
    });
    await expect(device.poll(controller.signal)).rejects.toThrow('enough');
    expect(clock.slept).toHaveLength(2);
  });

  it('at an address of another portal is refused', async () => {
    const input = { startUrl: 'https://d-0000000000.awsapps.com/start', region };
    await expect(ssoBy(passingClock(bed.clock)).startDevice(input, never())).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID',
      upstreamCode: 'InvalidRequestException',
    });
  });
});

describe('a renewal', () => {
  it('is one, however many ask for it, and also for who still holds the spent token', async () => {
    const { sso, token } = await signIn();
    await bed.clock.advance(3_590_000);
    bed.aws.calls.reset();
    const [one, two] = await Promise.all([
      sso.refresh(token, region, never()),
      sso.refresh(token, region, never()),
    ]);
    const three = await sso.refresh(token, region, never());
    expect(bed.aws.calls.count('sso-oidc:CreateToken')).toBe(1);
    expect(new Set([one, two, three].map(({ accessToken }) => accessToken.reveal())).size).toBe(1);
    expect(one.expiresAt).toBe(bed.clock.now() + 3_600_000);
    expect(one.refreshToken?.reveal()).not.toBe(token.refreshToken?.reveal());
  });

  it('goes on from the newest token, not from the one that was brought', async () => {
    const { sso, token } = await signIn();
    await bed.clock.advance(3_590_000);
    const second = await sso.refresh(token, region, never());
    await bed.clock.advance(3_590_000);
    const third = await sso.refresh(token, region, never());
    expect(third.expiresAt).toBe(bed.clock.now() + 3_600_000);
    expect(third.accessToken.reveal()).not.toBe(second.accessToken.reveal());
  });

  it('fails when the sign-in was ended, and needs a person', async () => {
    const { sso, token } = await signIn();
    bed.aws.sso.signOutEverywhere();
    await expect(sso.refresh(token, region, never())).rejects.toMatchObject({
      code: 'LOGIN_REQUIRED',
      upstreamCode: 'InvalidGrantException',
    });
  });

  it.each([
    ['without a refresh token', { refreshToken: undefined }],
    ['when its client may no longer ask', { clientSecretExpiresAt: 0 }],
  ])('%s is not even asked for', async (_, change) => {
    const { sso, token } = await signIn();
    bed.aws.calls.reset();
    await expect(sso.refresh({ ...token, ...change }, region, never())).rejects.toMatchObject({
      code: 'LOGIN_REQUIRED',
    });
    expect(bed.aws.calls.all()).toEqual({});
  });
});

describe('the credentials of a permission set', () => {
  it('come with their true expiry', async () => {
    const { sso, token } = await signIn();
    const { accessToken } = token;
    const ask = { region, accountId, roleName, accessToken };
    const found = await sso.roleCredentials(ask, never());
    const session = bed.aws.accounts.sessions().at(-1);
    expect(found).toMatchObject({
      accountId,
      accessKeyId: session?.accessKeyId,
      secretAccessKey: session?.secretAccessKey,
      sessionToken: session?.sessionToken,
      expiresAt: session?.expiresAt,
    });
  });

  it.each([
    ['a permission set that is not assigned', { roleName: 'Admin' }, undefined, 'UPSTREAM_DENIED'],
    ['a token that has ended', { accessToken: secret('gone') }, undefined, 'LOGIN_REQUIRED'],
    ['too many requests', {}, { kind: 'throttle' }, 'UPSTREAM_THROTTLED'],
    ['no answer', {}, { kind: 'reset' }, 'UPSTREAM_UNAVAILABLE'],
    ['a captive portal', {}, { kind: 'garbage' }, 'UPSTREAM_MALFORMED'],
    [
      'its own trouble',
      {},
      { kind: 'error', status: 500, code: 'InternalServerException' },
      'UPSTREAM_UNAVAILABLE',
    ],
  ] as const)('%s', async (_, change, fault, code) => {
    const { sso, token } = await signIn();
    if (fault !== undefined) bed.aws.faults.add('sso:*', fault);
    const ask = { region, accountId, roleName, accessToken: token.accessToken, ...change };
    await expect(sso.roleCredentials(ask, never())).rejects.toMatchObject({ code });
  });
});
