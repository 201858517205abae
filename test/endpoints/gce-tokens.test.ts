import { describe, expect, onTestFinished, test } from 'vitest';

import { ValetkeyError } from '../../src/core/errors.ts';
import gceMetadata from '../../src/endpoints/gcp/gce-metadata.ts';
import { TRANSPORTS } from '../support/ask.ts';
import { endpointWorld } from '../support/endpoint-world.ts';
import { SCOPES } from '../support/google-accounts.ts';
import { googleStack, lasting } from '../support/google-stack.ts';
import { fieldsOfJson } from '../support/json.ts';

const ACCOUNT = '/computeMetadata/v1/instance/service-accounts/default';
const FLAVOR = [['Metadata-Flavor', 'Google']] as const;

const MINUTE_MS = 60_000;

/** The endpoint around a world whose broker always has a token. */
const begin = async () => {
  const world = endpointWorld();
  const ask = await TRANSPORTS['over a socket'](world, gceMetadata);
  const get = () => ask(`GET ${ACCOUNT}/token`, FLAVOR);
  const seconds = async () => fieldsOfJson((await get()).body)['expires_in'];
  return { world, get, seconds };
};

describe('seconds of life', () => {
  test('row 52: fewer with each second, counted when they are told', async () => {
    const { world, seconds } = await begin();
    expect(await seconds()).toBe(3600);
    await world.clock.advance(1);
    expect(await seconds()).toBe(3599);
    await world.clock.advance(2_000);
    expect(await seconds()).toBe(3597);
  });

  test('row 68: the last second is told, a part of one never', async () => {
    const { world, get, seconds } = await begin();
    await world.clock.advance(3_599_000);
    expect(await seconds()).toBe(1);
    await world.clock.advance(1);
    expect(await get()).toMatchObject({ status: 503, body: expect.stringContaining('expired') });
  });

  test('row 69: a clock that is set back gives no life', async () => {
    const { world, seconds } = await begin();
    expect(await seconds()).toBe(3600);
    world.clock.step(-3_600_000);
    expect(await seconds()).toBe(3600);
    await world.clock.advance(10_000);
    expect(await seconds()).toBe(3590);
  });

  test('row 69: nor does one that was set back before anybody asked', async () => {
    const { world, seconds } = await begin();
    world.clock.step(-3_600_000);
    expect(await seconds()).toBe(3600);
  });

  test('a machine that slept knows what is left', async () => {
    const { world, seconds } = await begin();
    expect(await seconds()).toBe(3600);
    world.clock.suspend(3_000_000);
    expect(await seconds()).toBe(600);
  });

  test('12 hours are told as they are', async () => {
    const { world, seconds } = await begin();
    world.token = { ...world.token, expiresAt: world.clock.now() + 43_200_000 };
    expect(await seconds()).toBe(43_200);
  });
});

/** The endpoint around real workloads, grants and broker. */
const whole = async () => {
  const stack = await googleStack();
  onTestFinished(() => stack.broker.stop());
  const ask = await TRANSPORTS['over a socket'](stack.world, gceMetadata);
  const get = (path = 'token') => ask(`GET ${ACCOUNT}/${path}`, FLAVOR);
  const { clock } = stack.world;
  return { stack, clock, get };
};

const times = <T>(count: number, work: () => Promise<T>): Promise<readonly T[]> =>
  Promise.all(Array.from({ length: count }, work));

const away = () => Promise.reject(new ValetkeyError('UPSTREAM_UNAVAILABLE'));

describe('through the broker', () => {
  test('row 59: 100 at once on a cold key: one exchange, one token', async () => {
    const { stack, get } = await whole();
    const replies = await times(100, () => get());
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(replies.map(({ body }) => body)).size).toBe(1);
    expect(stack.calls).toHaveLength(1);
  });

  test('row 60: 20 at once while a short token is renewed: one exchange, nobody waits', async () => {
    const { stack, clock, get } = await whole();
    stack.cloud = (_request, at) => Promise.resolve(lasting(at, 299_000));
    await get();
    let renew = (): void => {};
    stack.cloud = (_request, at) =>
      new Promise((resolve) => (renew = () => resolve(lasting(at, 3_600_000))));
    await clock.advance(2 * MINUTE_MS);
    const replies = await times(20, () => get());
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(fieldsOfJson(replies[0]?.body ?? '')).toMatchObject({ expires_in: 179 });
    expect(stack.calls).toHaveLength(2);
    renew();
    await expect
      .poll(async () => Number(fieldsOfJson((await get()).body)['expires_in']))
      .toBeGreaterThan(3500);
    expect(stack.calls).toHaveLength(2);
  });

  test('row 61: a source that gives no more is told as it is, and seldom asked', async () => {
    const { stack, clock, get } = await whole();
    const short = lasting(clock.now(), 200_000);
    stack.cloud = () => Promise.resolve(short);
    for (let left = 200; left > 0; left -= 1) {
      expect(fieldsOfJson((await get()).body)).toMatchObject({
        access_token: short.token,
        expires_in: left,
      });
      await clock.advance(1000);
    }
    expect(stack.calls.length).toBeLessThanOrEqual(20);
    expect(await get()).toMatchObject({ status: 403, body: expect.stringContaining('expired') });
  });

  test('row 62: the cloud is away: from memory while it lasts, no call per request', async () => {
    const { stack, clock, get } = await whole();
    await get();
    stack.cloud = away;
    await clock.advance(40 * MINUTE_MS);
    const before = stack.calls.length;
    const replies = await times(50, () => get());
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(fieldsOfJson(replies[0]?.body ?? '')).toMatchObject({ expires_in: 1200 });
    expect(stack.calls.length - before).toBeLessThanOrEqual(1);
  });

  test('row 63: nothing at hand and nothing comes: 503 after 2 s', async () => {
    const { stack, clock, get } = await whole();
    stack.cloud = () => new Promise(() => {});
    const asked = get();
    await expect.poll(() => stack.calls.length).toBe(1);
    await clock.advance(2_000);
    expect(await asked).toMatchObject({ status: 503, body: expect.stringMatching(/^.{10,120}$/) });
  });

  test('row 64, row 115: a revoked key is not tried for each request, and nothing is told of it', async () => {
    const { stack, get } = await whole();
    stack.cloud = () =>
      Promise.reject(
        new ValetkeyError('UPSTREAM_BAD_CREDENTIAL', {
          upstreamCode: 'invalid_grant',
          cause: new Error('planted-cause -----BEGIN PRIVATE KEY-----'),
        }),
      );
    for (let i = 0; i < 5; i += 1) {
      const { status, body } = await get();
      expect(status).toBe(403);
      expect(body).toContain('invalid_grant');
      expect(body).not.toMatch(/planted|PRIVATE/);
    }
    expect(stack.calls).toHaveLength(1);
    expect(JSON.stringify(stack.world.events)).toContain('invalid_grant');
    expect(JSON.stringify(stack.world.events)).not.toMatch(/planted|PRIVATE/);
  });

  test('row 55: one entry per set of scopes, whatever their order', async () => {
    const { stack, get } = await whole();
    const scopes = [SCOPES.read, SCOPES.email];
    const one = await get(`token?scopes=${scopes.join()}`);
    const same = await get(`token?scopes=${scopes.toReversed().join()}`);
    const other = await get(`token?scopes=${SCOPES.read}`);
    await get();
    expect(same.body).toBe(one.body);
    expect(other.body).not.toBe(one.body);
    expect(stack.calls.map(({ token }) => token)).toEqual([
      { kind: 'access-token', scopes: scopes.toSorted() },
      { kind: 'access-token', scopes: [SCOPES.read] },
      undefined,
    ]);
  });

  test('row 84: an entry per audience, not without bound, and none pushes out a token', async () => {
    const { stack, get } = await whole();
    const token = await get();
    for (let i = 0; i < 300; i += 1) {
      expect((await get(`identity?audience=https://a${i}.example`)).status).toBe(200);
    }
    await get('identity?audience=https://a299.example');
    expect(stack.calls).toHaveLength(301);
    expect(stack.broker.entries().length).toBeLessThanOrEqual(257);
    expect((await get()).body).toBe(token.body);
    expect(stack.calls).toHaveLength(301);
  });

  test('a token that is renewed is told from then on, by every name', async () => {
    const { stack, clock, get } = await whole();
    const first = fieldsOfJson((await get()).body);
    await clock.advance(36 * MINUTE_MS);
    const second = fieldsOfJson((await get()).body);
    expect(second['access_token']).not.toBe(first['access_token']);
    expect(Number(second['expires_in'])).toBeGreaterThan(3400);
    expect(stack.calls).toHaveLength(2);
  });
});
