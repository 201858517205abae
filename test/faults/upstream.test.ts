import { describe, expect, test } from 'vitest';

import { testCloud } from '../support/cloud.ts';
import { testDaemon } from '../support/daemon.ts';
import { get } from '../support/http.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

async function setup() {
  const cloud = await testCloud();
  const daemon = await testDaemon({ env: cloud.env, clock: cloud.clock });
  await daemon.api.register({
    name: 'aws-dev',
    type: 'aws',
    auth_method: 'iam-role',
    attributes: cloud.roleAttributes,
    verify: false,
  });
  const { token } = await daemon.api.openWorkload({ grants: [{ connector: 'aws-dev' }] });
  const ask = () => get(`${daemon.baseUrl}/v1/credentials`, { authorization: token });
  const assumed = () => cloud.aws.calls.count('sts:AssumeRole');
  /** Asks, and lets the injected time go on until there is an answer. */
  const askPatiently = async () => {
    const answer = ask();
    const state = { done: false };
    void answer.finally(() => (state.done = true));
    for (let i = 0; i < 2_000 && !state.done; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (i % 20 === 19) await cloud.clock.advance(100);
    }
    return answer;
  };
  return { cloud, daemon, ask, askPatiently, assumed };
}

const keyIn = (body: string) => (JSON.parse(body) as { AccessKeyId: string }).AccessKeyId;
const codeIn = (body: string) => (JSON.parse(body) as { code: string }).code;

describe('the cloud at fault', () => {
  test('down at start: 503 in the protocol’s shape; up again: answered', async () => {
    const { cloud, askPatiently, ask } = await setup();
    await cloud.aws.faults.down();
    const refused = await askPatiently();
    expect(refused.status).toBe(503);
    expect(refused.headers['content-type']).toBe('application/json');
    await cloud.aws.faults.up();
    await cloud.clock.advance(2 * MINUTE);
    expect((await ask()).status).toBe(200);
  });

  test('down later: served from memory with the true expiry, no call per request; then 503', async () => {
    const { cloud, ask, askPatiently, assumed } = await setup();
    const first = await ask();
    await cloud.aws.faults.down();
    await cloud.clock.advance(55 * MINUTE);
    const before = assumed();
    for (let i = 0; i < 100; i += 1) expect((await ask()).body).toBe(first.body);
    expect(assumed()).toBe(before); // refused connections never arrived, and none was tried per request
    await cloud.clock.advance(6 * MINUTE);
    expect((await askPatiently()).status).toBe(503);
  });

  test('slow (5 s): told to come back within 900 ms, then one call serves all', async () => {
    const { cloud, ask, assumed } = await setup();
    cloud.aws.faults.add('sts:AssumeRole', { kind: 'delay', milliseconds: 5_000 });
    const waiting = ask();
    while (assumed() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await cloud.clock.advance(800);
    const early = await waiting;
    expect([early.status, codeIn(early.body)]).toEqual([503, 'CredentialsUninitialized']);
    await cloud.clock.advance(5_000);
    let later = await ask();
    for (let i = 0; i < 200 && later.status !== 200; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      later = await ask();
    }
    expect(later.status).toBe(200);
    expect(assumed()).toBe(1);
  });

  test('throttling: 429 with Retry-After when there is nothing, the cached one when there is', async () => {
    const { cloud, ask, askPatiently } = await setup();
    cloud.aws.faults.add('sts:AssumeRole', { kind: 'throttle' });
    const refused = await askPatiently();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    cloud.aws.faults.clear();
    await cloud.clock.advance(2 * MINUTE);
    const good = await ask();
    cloud.aws.faults.add('sts:AssumeRole', { kind: 'throttle' });
    await cloud.clock.advance(50 * MINUTE);
    expect(await ask()).toMatchObject({ status: 200, body: good.body });
  });

  test('garbage: never an empty success', async () => {
    const { cloud, askPatiently, daemon } = await setup();
    cloud.aws.faults.add('sts:AssumeRole', { kind: 'garbage' });
    expect((await askPatiently()).status).toBe(503);
    expect(daemon.logText()).toContain('UPSTREAM_MALFORMED');
  });

  test('the role was deleted: 403 with the cloud’s word, and a log line that names the connector', async () => {
    const { cloud, ask, daemon } = await setup();
    cloud.aws.accounts.deleteRole(cloud.roleArn);
    const refused = await ask();
    expect([refused.status, codeIn(refused.body)]).toEqual([403, 'AccessDenied']);
    expect(daemon.logText()).toMatch(/"connector":"aws-dev"/);
    expect(daemon.logText()).toContain('AccessDenied');
  });
});

describe('many at once, and time', () => {
  test('1,000 clients at once on a cold key: exactly one upstream call', async () => {
    const { ask, assumed } = await setup();
    const all = await Promise.all(Array.from({ length: 1_000 }, ask));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(all.map(({ body }) => keyIn(body)))).toHaveLength(1);
    expect(assumed()).toBe(1);
  });

  test('a machine that slept past the expiry: fresh on the first request', async () => {
    const { cloud, ask } = await setup();
    const first = keyIn((await ask()).body);
    cloud.clock.suspend(3 * HOUR);
    const after = await ask();
    expect(after.status).toBe(200);
    expect(keyIn(after.body)).not.toBe(first);
  });

  test.each([HOUR, -HOUR])(
    'the clock stepped by %i ms: never an expired one, and it recovers',
    async (step) => {
      const { cloud, ask, askPatiently } = await setup();
      await ask();
      cloud.clock.step(step);
      for (let minute = 0; minute < 130; minute += 10) {
        await cloud.clock.advance(10 * MINUTE);
        const answer = await askPatiently();
        expect(answer.status).toBe(200);
        const session = cloud.aws.accounts
          .sessions()
          .find(({ accessKeyId }) => accessKeyId === keyIn(answer.body));
        expect(session?.expiresAt).toBeGreaterThan(cloud.clock.now());
      }
    },
  );

  test('1,000 samples across renewals: never less than 15 minutes left', async () => {
    const { cloud, daemon, ask } = await setup();
    /** A renewal is real input and output, which the injected time does not wait for. */
    const renewalsDone = async () => {
      for (;;) {
        const { issued } = await daemon.api.status({});
        if (issued.every(({ renewsAt }) => Date.parse(renewsAt) > cloud.clock.now())) return;
        await ask(); // asking starts what the last tick did not
        await cloud.clock.advance(1_000); // `renewsAt` is in whole seconds
      }
    };
    const left: number[] = [];
    for (let i = 0; i < 1_000; i += 1) {
      const { body } = await ask();
      left.push(
        Date.parse((JSON.parse(body) as { Expiration: string }).Expiration) - cloud.clock.now(),
      );
      await cloud.clock.advance(15_000);
      await renewalsDone();
    }
    expect(Math.min(...left)).toBeGreaterThanOrEqual(15 * MINUTE);
  });
});
