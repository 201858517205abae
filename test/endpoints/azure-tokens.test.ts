import { hash } from 'node:crypto';

import { describe, expect, onTestFinished, test } from 'vitest';

import { tokenId } from '../../src/core/token-id.ts';
import { ValetkeyError } from '../../src/core/errors.ts';
import azureImds from '../../src/endpoints/azure/azure-imds.ts';
import { TRANSPORTS } from '../support/ask.ts';
import { AZURE_IDENTITIES } from '../support/azure-identities.ts';
import { azureStack, lasting } from '../support/azure-stack.ts';
import { endpointWorld } from '../support/endpoint-world.ts';
import { fieldsOfJson } from '../support/json.ts';

const ARM = 'https://management.azure.com/';
const PATH = `/metadata/identity/oauth2/token?api-version=2018-02-01&resource=${ARM}`;
const M = [['Metadata', 'true']] as const;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The endpoint around a world whose broker always has a token, and replaces none. */
const begin = async () => {
  const world = endpointWorld();
  const ask = await TRANSPORTS['over a socket'](world, azureImds);
  const get = () => ask(`GET ${PATH}`, M);
  const life = async () => {
    const fields = fieldsOfJson((await get()).body);
    return { seconds: fields['expires_in'], end: fields['expires_on'] };
  };
  return { world, get, life };
};

describe('seconds of life', () => {
  test('row 3: fewer with each second, counted when they are told; the end stays', async () => {
    const { world, life } = await begin();
    const end = String(world.clock.now() / 1000 + 3600);
    expect(await life()).toEqual({ seconds: '3600', end });
    await world.clock.advance(1);
    expect(await life()).toEqual({ seconds: '3599', end });
    await world.clock.advance(2_000);
    expect(await life()).toEqual({ seconds: '3597', end });
  });

  test('row 74: five minutes are told, less never', async () => {
    const { world, get, life } = await begin();
    await life();
    await world.clock.advance(HOUR_MS - 5 * MINUTE_MS);
    expect(await life()).toMatchObject({ seconds: '300' });
    await world.clock.advance(1);
    expect(await get()).toMatchObject({
      status: 503,
      headers: { 'retry-after': '2' },
      body: expect.stringContaining('service_unavailable'),
    });
  });

  test('row 83: a clock that is set back gives no life', async () => {
    const { world, get, life } = await begin();
    expect(await life()).toMatchObject({ seconds: '3600' });
    world.clock.step(-HOUR_MS);
    expect(await life()).toMatchObject({ seconds: '3600' });
    await world.clock.advance(10_000);
    expect(await life()).toMatchObject({ seconds: '3590' });
    await world.clock.advance(HOUR_MS - 10_000);
    expect((await get()).status).toBe(503);
  });

  test('row 75, row 83: a clock that jumps on an hour: nothing expired is served', async () => {
    const { world, get } = await begin();
    expect((await get()).status).toBe(200);
    world.clock.step(HOUR_MS);
    expect((await get()).status).toBe(503);
  });

  test('row 84: a machine that slept knows what is left', async () => {
    const { world, life } = await begin();
    expect(await life()).toMatchObject({ seconds: '3600' });
    world.clock.suspend(30 * MINUTE_MS);
    expect(await life()).toMatchObject({ seconds: '1800' });
  });
});

/** The endpoint around real workloads, grants and broker. */
const whole = async () => {
  const stack = await azureStack();
  onTestFinished(() => stack.broker.stop());
  const ask = await TRANSPORTS['over a socket'](stack.world, azureImds);
  const get = (more = '') => ask(`GET ${PATH}${more}`, M);
  const fields = async (more = '') => fieldsOfJson((await get(more)).body);
  return { stack, clock: stack.world.clock, get, fields };
};

const times = <T>(count: number, work: () => Promise<T>): Promise<readonly T[]> =>
  Promise.all(Array.from({ length: count }, work));

const failing =
  (...about: ConstructorParameters<typeof ValetkeyError>) =>
  () =>
    Promise.reject(new ValetkeyError(...about));
const away = failing('UPSTREAM_UNAVAILABLE');

describe('through the broker', () => {
  test('row 29: 50 at once on a cold key: one call, one token', async () => {
    const { stack, get } = await whole();
    const replies = await times(50, () => get());
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(replies.map(({ body }) => body)).size).toBe(1);
    expect(stack.calls).toHaveLength(1);
  });

  test.each([
    ['row 7', 'https://management.azure.com', 'https://management.azure.com/.default'],
    [
      'row 8',
      'https://management.core.windows.net/',
      'https://management.core.windows.net//.default',
    ],
    [
      'row 9',
      '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d',
      '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default',
    ],
  ])('%s: the cloud is asked for %s and /.default', async (_row, resource, scope) => {
    const { stack } = await whole();
    const ask = await TRANSPORTS['over a socket'](stack.world, azureImds);
    expect((await ask(`GET ${PATH.replace(ARM, resource)}`, M)).status).toBe(200);
    expect(stack.calls.map(({ token }) => token)).toEqual([
      { kind: 'access-token', scopes: [scope] },
    ]);
  });

  test('row 71: with 59 minutes left nobody is asked', async () => {
    const { stack, clock, get } = await whole();
    await get();
    await clock.advance(MINUTE_MS);
    expect(await get()).toMatchObject({ status: 200 });
    expect(stack.calls).toHaveLength(1);
  });

  test('row 72: with 19 minutes left a new one is obtained before the answer', async () => {
    const { stack, clock, get, fields } = await whole();
    await get();
    // The machine sleeps: nothing was renewed meanwhile.
    clock.suspend(41 * MINUTE_MS);
    expect(await fields()).toMatchObject({ expires_in: '3600' });
    expect(stack.calls).toHaveLength(2);
  });

  test('row 73: it cannot be renewed, 10 minutes are left: the old one', async () => {
    const { stack, clock, get, fields } = await whole();
    const first = await fields();
    stack.cloud = away;
    clock.suspend(50 * MINUTE_MS);
    for (let i = 0; i < 5; i += 1) {
      expect(await fields()).toMatchObject({
        access_token: first['access_token'],
        expires_in: '600',
      });
    }
    expect(stack.calls).toHaveLength(2);
    await clock.advance(4 * MINUTE_MS);
    expect((await get()).status).toBe(200);
    expect(stack.world.events.filter(({ type }) => type === 'refused')).toEqual([]);
  });

  test('row 73: it is not renewed in time, 10 minutes are left: the old one', async () => {
    const { stack, clock, get } = await whole();
    await get();
    stack.cloud = () => new Promise(() => {});
    clock.suspend(50 * MINUTE_MS);
    const asked = get();
    await expect.poll(() => stack.calls.length).toBe(2);
    await clock.advance(8_000);
    expect(await asked).toMatchObject({ status: 200 });
    expect(fieldsOfJson((await asked).body)).toMatchObject({ expires_in: '592' });
  });

  test('row 74, row 75: it cannot be renewed, 4 minutes are left, then none: 503', async () => {
    const { stack, clock, get } = await whole();
    await get();
    stack.cloud = away;
    for (const ms of [56 * MINUTE_MS, 10 * MINUTE_MS]) {
      clock.suspend(ms);
      const { status, headers, body } = await get();
      expect({ status, error: fieldsOfJson(body)['error'] }).toEqual({
        status: 503,
        error: 'service_unavailable',
      });
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
  });

  test('row 76: how long Entra wants to be left alone', async () => {
    const { stack, get } = await whole();
    stack.cloud = failing('UPSTREAM_THROTTLED', { retryAfterMs: 6_500 });
    expect(await get()).toMatchObject({
      status: 429,
      headers: { 'retry-after': '7' },
      body: expect.stringContaining('too_many_requests'),
    });
  });

  test('row 77: Entra is away', async () => {
    const { stack, get } = await whole();
    stack.cloud = away;
    expect(await get()).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
  });

  test('row 78, row 86: a wrong secret is told at once, and tried once for 100 requests', async () => {
    const { stack, get } = await whole();
    stack.cloud = failing('UPSTREAM_BAD_CREDENTIAL', { upstreamCode: 'AADSTS7000215' });
    const first = await get();
    expect(first).toMatchObject({ status: 400, body: expect.stringContaining('AADSTS7000215') });
    expect(fieldsOfJson(first.body)).toMatchObject({ error: 'unauthorized_client' });
    for (const { status } of await times(99, () => get())) expect(status).toBe(400);
    expect(stack.calls).toHaveLength(1);
  });

  test('row 81: a token that is no JWT', async () => {
    const { stack, fields } = await whole();
    stack.cloud = async (request, at) => {
      const token = 'opaque.plantedAccessToken';
      return { ...(await lasting(HOUR_MS)(request, at)), id: tokenId(token), token };
    };
    expect(await fields()).toMatchObject({
      access_token: 'opaque.plantedAccessToken',
      expires_in: '3600',
    });
  });

  test('row 82: tokens of 90 seconds are none, and seldom asked for', async () => {
    const { stack, clock, get } = await whole();
    stack.cloud = lasting(90_000);
    for (let i = 0; i < 20; i += 1) {
      expect((await get()).status).toBe(503);
      await clock.advance(1_000);
    }
    expect(stack.calls.length).toBeLessThanOrEqual(4);
  });

  test('tokens of 15 minutes are served while a third is left, with a call a minute at most', async () => {
    const { stack, clock, get } = await whole();
    stack.cloud = lasting(15 * MINUTE_MS);
    for (let minute = 0; minute < 9; minute += 1) {
      expect((await get()).status).toBe(200);
      expect((await get()).status).toBe(200);
      await clock.advance(MINUTE_MS);
    }
    expect(stack.calls.length).toBeLessThanOrEqual(10);
  });

  test('row 84: after 8 hours of sleep the first request renews', async () => {
    const { stack, clock, get, fields } = await whole();
    await get();
    clock.suspend(8 * HOUR_MS);
    expect(await fields()).toMatchObject({ expires_in: '3600' });
    expect(stack.calls).toHaveLength(2);
  });

  test('row 85: Entra hangs: everybody is answered after 8 s, one call at a time', async () => {
    const { stack, clock, get } = await whole();
    stack.cloud = () => new Promise(() => {});
    const asked = times(5, () => get());
    await expect.poll(() => stack.calls.length).toBe(1);
    await expect.poll(() => stack.world.events.length).toBe(0);
    await clock.advance(8_000);
    for (const { status, headers } of await asked) {
      expect({ status, after: headers['retry-after'] }).toEqual({ status: 503, after: '2' });
    }
    expect(stack.calls).toHaveLength(1);
  });

  test('row 25, row 26: a new token on request, but not more often than every 10 s', async () => {
    const { stack, clock, fields } = await whole();
    const first = String((await fields())['access_token']);
    await clock.advance(1_000);
    const second = String((await fields('&bypass_cache=true'))['access_token']);
    expect(second).not.toBe(first);
    expect(await fields()).toMatchObject({ access_token: second });
    await clock.advance(1_000);
    const refused = `&token_sha256_to_refresh=${hash('sha256', second, 'hex')}`;
    expect(await fields('&bypass_cache=true')).toMatchObject({ access_token: second });
    expect(await fields(refused)).toMatchObject({ error: 'service_unavailable' });
    expect(stack.calls).toHaveLength(2);
    await clock.advance(10_000);
    const third = await fields(refused);
    expect(third).toMatchObject({ expires_in: '3600' });
    expect(third['access_token']).not.toBe(second);
    expect(await fields(refused)).toMatchObject({ access_token: third['access_token'] });
    expect(stack.calls).toHaveLength(3);
  });

  test('a refused token is not given when there can be no other', async () => {
    const { stack, clock, fields } = await whole();
    const first = String((await fields())['access_token']);
    stack.cloud = away;
    clock.suspend(45 * MINUTE_MS);
    const refused = `&token_sha256_to_refresh=${hash('sha256', first, 'hex')}`;
    expect(await fields(refused)).toMatchObject({ error: 'service_unavailable' });
    expect(await fields()).toMatchObject({ access_token: first });
  });

  test('what was held and is forgotten is not spared: the reason is told', async () => {
    const { stack, clock, fields } = await whole();
    await fields();
    clock.suspend(45 * MINUTE_MS);
    stack.cloud = failing('UPSTREAM_BAD_CREDENTIAL', { upstreamCode: 'AADSTS7000222' });
    expect(await fields()).toMatchObject({ expires_in: '900' });
    stack.broker.forget();
    expect(await fields()).toMatchObject({
      error: 'unauthorized_client',
      error_description: expect.stringContaining('AADSTS7000222'),
    });
  });

  test('each identity its own tokens', async () => {
    const { stack, fields } = await whole();
    const [main, other] = AZURE_IDENTITIES;
    const one = await fields(`&client_id=${main.clientId}`);
    const two = await fields(`&client_id=${other.clientId}`);
    expect(await fields()).toMatchObject({ access_token: one['access_token'] });
    expect(two['access_token']).not.toBe(one['access_token']);
    expect(stack.calls.map(({ connector }) => connector)).toEqual([main.profile, other.profile]);
  });
});
