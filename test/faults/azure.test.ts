import { createHash } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { resolvePaths } from '../../src/config/paths.ts';
import { connectControl } from '../../src/control/client.ts';
import type { Fault } from '../../src/stand-ins/azure/faults.ts';
import {
  azureBed,
  CONNECTOR,
  secondsIn,
  STORAGE,
  textIn,
  tokenIn,
  VAULT,
  wordIn,
} from './azure-bed.ts';
import type { AzureBed } from './azure-bed.ts';

/*
 * Entra at fault, seen by clients of the instance metadata service and of App Service: section 5.3 and
 * rows 71 to 86 of the reference on Azure's identity endpoints.
 */

const MINUTE = 60_000;
const ALL = 'entra:*';

interface Row {
  readonly name: string;
  readonly fault: Fault | 'down';
  /** What clients are answered with nothing at hand. */
  readonly status: 400 | 403 | 429 | 503;
  readonly word: string;
  /** Ours, and Entra's where it gives one. */
  readonly code: string;
  readonly upstreamCode?: string;
  /** Where another wait than the usual one is told. */
  readonly retryAfter?: string;
}

const PASSING = { status: 503, word: 'service_unavailable' } as const;
const MALFORMED = { ...PASSING, code: 'UPSTREAM_MALFORMED' } as const;
const DOWN = { ...PASSING, code: 'UPSTREAM_UNAVAILABLE' } as const;
const THROTTLED = { status: 429, word: 'too_many_requests', code: 'UPSTREAM_THROTTLED' } as const;
const ECHO = 'You sent eyJ0eXAiOiJKV1QiLCJhbGciOi.JSUzI1NiJ9.eyJzdWIi and more.';

const field = (value?: unknown, name = 'expires_in'): Fault => ({ kind: 'field', name, value });

/** An answer of Entra's with its number. */
function said(
  number: number,
  status: Row['status'],
  word: string,
  code: string,
  own: number = status,
): Row {
  const upstreamCode = `AADSTS${number}`;
  const fault: Fault = { kind: 'error', status: own, code: upstreamCode, message: ECHO };
  return { name: upstreamCode, fault, status, word, code, upstreamCode };
}

const NETWORK: readonly Row[] = [
  { name: 'refused connections', fault: 'down', ...DOWN, upstreamCode: 'ECONNREFUSED' },
  { name: 'a reset', fault: { kind: 'reset' }, ...DOWN },
  { name: 'no answer at all', fault: { kind: 'hang' }, ...DOWN },
  { name: '500', fault: { kind: 'error', status: 500 }, ...DOWN },
  { name: '503', fault: { kind: 'error', status: 503 }, ...DOWN, upstreamCode: 'AADSTS90033' },
  { name: '429', fault: { kind: 'error', status: 429 }, ...THROTTLED, retryAfter: '5' },
  {
    name: '429 with Retry-After',
    fault: { kind: 'error', status: 429, code: 'AADSTS90055', retryAfterSeconds: 7 },
    ...THROTTLED,
    upstreamCode: 'AADSTS90055',
    retryAfter: '7',
  },
  { name: 'half a JSON', fault: { kind: 'body', body: 'malformed' }, ...MALFORMED },
  { name: 'a captive portal', fault: { kind: 'body', body: 'html' }, ...MALFORMED },
  { name: 'an empty 200', fault: { kind: 'body', body: 'empty' }, ...MALFORMED },
  { name: '8 MB', fault: { kind: 'body', body: 'oversized' }, ...MALFORMED },
  { name: 'no expires_in', fault: field(), ...MALFORMED },
  { name: 'expires_in 0', fault: field(0), ...MALFORMED },
  { name: 'expires_in −5', fault: field(-5), ...MALFORMED },
  { name: 'a token with a line end', fault: field('a\r\nb', 'access_token'), ...MALFORMED },
  { name: 'a token that is no text', fault: field({ a: 1 }, 'access_token'), ...MALFORMED },
  { name: 'a token of another type', fault: field('mac', 'token_type'), ...MALFORMED },
];

const CREDENTIAL = [400, 'unauthorized_client', 'UPSTREAM_BAD_CREDENTIAL'] as const;
const LOGIN = [400, 'unauthorized_client', 'LOGIN_REQUIRED'] as const;
const DENIED = [403, 'access_denied', 'UPSTREAM_DENIED'] as const;
const AADSTS: readonly Row[] = [
  ...[7000215, 7000222, 700016, 7000112, 700027, 70021, 700211, 700212, 700213, 50034, 50126].map(
    (number) => said(number, ...CREDENTIAL),
  ),
  said(700024, 400, 'unauthorized_client', 'UPSTREAM_CLOCK_SKEW'),
  ...[50076, 50079, 50173, 70043, 700082].map((number) => said(number, ...LOGIN)),
  ...[65001, 53003].map((number) => said(number, ...DENIED, 400)),
  said(90002, 400, 'invalid_request', 'UPSTREAM_INVALID'),
  said(500011, 400, 'invalid_resource', 'UPSTREAM_INVALID'),
  said(50001, 400, 'invalid_resource', 'UPSTREAM_INVALID'),
  said(70011, 400, 'invalid_scope', 'UPSTREAM_INVALID'),
  said(1002012, 400, 'invalid_scope', 'UPSTREAM_INVALID'),
  said(50196, 429, 'too_many_requests', 'UPSTREAM_THROTTLED', 400),
  said(90055, 429, 'too_many_requests', 'UPSTREAM_THROTTLED', 400),
  said(90033, 503, 'service_unavailable', 'UPSTREAM_UNAVAILABLE'),
];

async function begin({ azure }: AzureBed, fault: Row['fault']): Promise<void> {
  if (fault === 'down') await azure.faults.down();
  else azure.faults.add(ALL, fault);
}

async function end({ azure }: AzureBed, fault: Row['fault']): Promise<void> {
  if (fault === 'down') await azure.faults.up();
  else azure.faults.clear();
}

/** Nothing of what was sent, and no answer of Entra's as it came. */
function expectNoSecret(bed: AzureBed, text: string): void {
  const secret = bed.secretAttributes['client_secret'] ?? '';
  expect(secret.length).toBeGreaterThan(20);
  for (const one of [secret, bed.bearer, 'eyJ', 'JSUzI1NiJ9', 'Sign in to this network']) {
    expect(text).not.toContain(one);
  }
}

describe('with nothing at hand', () => {
  test.each([...NETWORK, ...AADSTS])('$name: $status $word', async (row) => {
    const bed = await azureBed();
    await begin(bed, row.fault);
    const refused = await bed.patiently(() => bed.imds());
    expect([refused.status, wordIn(refused)]).toEqual([row.status, row.word]);
    expect(refused.headers['content-type']).toMatch(/^application\/json/);
    const wait = refused.headers['retry-after'];
    if (row.status === 429 || row.status === 503) {
      expect(Number(wait)).toBeGreaterThanOrEqual(1);
      expect(Number(wait)).toBeLessThanOrEqual(10);
    } else expect(wait).toBeUndefined();
    if (row.retryAfter !== undefined) expect(wait).toBe(row.retryAfter);
    expect(textIn(refused)).not.toMatch(/\n|unreachable/);
    expect(refused.body.length).toBeLessThan(600);

    // Who hangs is given up later than the client has to be told something.
    await bed.until('failed', 1);
    const [failed, ...more] = bed.logged('failed');
    expect(more).toEqual([]);
    expect(failed).toMatchObject({ subject: { connector: CONNECTOR }, code: row.code });
    if (row.upstreamCode !== undefined) {
      expect(failed).toMatchObject({ upstreamCode: row.upstreamCode });
      expect(textIn(refused)).toContain(row.upstreamCode);
    }
    // What is a person's to mend is not asked again because many want it (row 86).
    if (row.status === 400 || row.status === 403) {
      const crowd = await Promise.all(Array.from({ length: 50 }, () => bed.imds()));
      expect(new Set(crowd.map(({ status }) => status))).toEqual(new Set([row.status]));
      expect(bed.exchanges()).toBe(1);
      expect(bed.logged('failed')).toHaveLength(1);
    }
    const other = await bed.patiently(() => bed.appService());
    expect(other.status).toBe(row.status);
    expect(Object.keys(JSON.parse(other.body) as object)).toEqual([
      'statusCode',
      'message',
      'correlationId',
    ]);
    expectNoSecret(bed, refused.body + other.body + bed.daemon.logText());

    await end(bed, row.fault);
    expect((await bed.recovered(() => bed.imds())).status).toBe(200);
    expect((await bed.appService()).status).toBe(200);
  });

  test('a slow Entra: told to come again within 10 s, and then there is a token', async () => {
    const bed = await azureBed();
    bed.azure.faults.add(ALL, { kind: 'slow', milliseconds: 9_500 }, 1);
    const startedAt = bed.clock.now();
    const refused = await bed.patiently(() => bed.imds());
    expect([refused.status, wordIn(refused)]).toEqual([503, 'service_unavailable']);
    expect(bed.clock.now() - startedAt).toBeLessThanOrEqual(10_000);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    // The call goes on: nobody starts another.
    const waiting = [bed.imds(), bed.appService()] as const;
    await bed.clock.advance(2_000);
    const [one, two] = await Promise.all(waiting);
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(tokenIn(one)).toBe(tokenIn(two));
    expect(bed.exchanges()).toBe(1);
  });
});

describe('with a token at hand', () => {
  const ROWS = [
    ...NETWORK,
    ...AADSTS.filter(({ name }) => /7000215|7000222|53003|700082|500011|90055/.test(name)),
  ];
  test.each(ROWS)('$name: served until clients take it for expired, then well', async (row) => {
    const bed = await azureBed();
    const { clock } = bed;
    const good = await bed.patiently(() => bed.imds());
    const endsAt = Date.parse(String(bed.logged('obtained')[0]?.['expiresAt']));
    await begin(bed, row.fault);
    for (const leftMinutes of [40, 22, 19, 10, 6]) {
      await clock.advance(endsAt - leftMinutes * MINUTE - clock.now());
      const served = await bed.patiently(() => bed.imds());
      expect(tokenIn(served)).toBe(tokenIn(good));
      // Who hangs is waited for.
      expect(secondsIn(served)).toBeLessThanOrEqual(leftMinutes * 60);
      expect(secondsIn(served)).toBeGreaterThan(leftMinutes * 60 - 15);
      expect(tokenIn(await bed.patiently(() => bed.appService()))).toBe(tokenIn(good));
    }
    const asked = bed.exchanges();
    for (let i = 0; i < 50; i += 1) {
      expect((await bed.patiently(() => bed.imds())).status).toBe(200);
    }
    expect(bed.exchanges()).toBeLessThanOrEqual(asked + 3);

    for (const leftMs of [4 * MINUTE, 1_000, -1_000]) {
      await clock.advance(Math.max(0, endsAt - leftMs - clock.now()));
      const refused = await bed.patiently(() => bed.imds());
      expect(refused.status).not.toBe(200);
      expect(refused.body).not.toContain(String(tokenIn(good)));
    }
    await end(bed, row.fault);
    const fresh = await bed.recovered(() => bed.imds());
    expect(fresh.status).toBe(200);
    expect(tokenIn(fresh)).not.toBe(tokenIn(good));
    expectNoSecret(bed, bed.daemon.logText());
  });
});

describe('a client that does not want what is held', () => {
  test('bypass_cache: a new one, at most one each 10 s', async () => {
    const bed = await azureBed();
    const first = await bed.imds();
    expect(bed.exchanges()).toBe(1);
    const fresh = () => bed.imds(STORAGE, '&bypass_cache=true');
    const crowd = await Promise.all(Array.from({ length: 200 }, fresh));
    expect(new Set(crowd.map(({ status }) => status))).toEqual(new Set([200]));
    expect(bed.exchanges()).toBe(2);
    const second = await bed.imds();
    expect(tokenIn(second)).not.toBe(tokenIn(first));
    for (let i = 0; i < 50; i += 1) await fresh();
    expect(bed.exchanges()).toBe(2);
    await bed.clock.advance(10_001);
    await fresh();
    expect(bed.exchanges()).toBe(3);
  });

  test('bypass_cache while Entra is down: what is held, and Entra is let alone', async () => {
    const bed = await azureBed();
    const good = await bed.imds();
    bed.azure.faults.add(ALL, { kind: 'error', status: 503 });
    const statuses = new Set<number>();
    for (let i = 0; i < 100; i += 1) {
      statuses.add((await bed.patiently(() => bed.imds(STORAGE, '&bypass_cache=true'))).status);
    }
    expect([...statuses].every((status) => status === 200 || status === 503)).toBe(true);
    expect(bed.exchanges()).toBeLessThanOrEqual(3);
    expect(tokenIn(await bed.imds())).toBe(tokenIn(good));
  });

  test('token_sha256_to_refresh: another one, never the refused, and no storm', async () => {
    const bed = await azureBed();
    const good = await bed.imds();
    const digest = createHash('sha256')
      .update(String(tokenIn(good)))
      .digest('hex');
    const refused = () => bed.imds(STORAGE, `&token_sha256_to_refresh=${digest}`);
    const crowd = await Promise.all(Array.from({ length: 100 }, refused));
    for (const reply of crowd) {
      expect([200, 503]).toContain(reply.status);
      expect(reply.body).not.toContain(String(tokenIn(good)));
    }
    expect(bed.exchanges()).toBe(2);
    expect((await refused()).status).toBe(200);
    // Somebody else's digest changes nothing.
    await bed.imds(STORAGE, `&token_sha256_to_refresh=${'0'.repeat(64)}`);
    expect(bed.exchanges()).toBe(2);
  });
});

test('Entra is let alone for as long as it asks for (row 76)', async () => {
  const bed = await azureBed();
  const fault = { kind: 'error', status: 429, code: 'AADSTS90055', retryAfterSeconds: 7 } as const;
  bed.azure.faults.add(ALL, fault);
  for (let second = 0; second < 6; second += 1) {
    const crowd = await Promise.all(Array.from({ length: 20 }, () => bed.imds()));
    expect(new Set(crowd.map(({ status }) => status))).toEqual(new Set([429]));
    await bed.clock.advance(1_000);
  }
  expect(bed.exchanges()).toBe(1);
  await bed.clock.advance(1_500);
  bed.azure.faults.clear();
  expect((await bed.imds()).status).toBe(200);
  expect(bed.exchanges()).toBe(2);
});

test('how long is told over the control socket too: exec answers its program by it', async () => {
  const bed = await azureBed();
  const fault = { kind: 'error', status: 429, code: 'AADSTS90055', retryAfterSeconds: 7 } as const;
  bed.azure.faults.add(ALL, fault);
  const { controlSocket } = resolvePaths({ VALETKEY_HOME: bed.daemon.home });
  const asked = connectControl(controlSocket).describeClient({ name: CONNECTOR });
  await expect(asked).rejects.toMatchObject({ code: 'UPSTREAM_THROTTLED', retryAfterMs: 7_000 });
});

test('one resource at fault is not the other’s trouble', async () => {
  const bed = await azureBed();
  bed.azure.faults.add(ALL, { kind: 'error', status: 400, code: 'AADSTS500011' }, 1);
  expect((await bed.imds(VAULT)).status).toBe(400);
  expect((await bed.imds(STORAGE)).status).toBe(200);
  expect((await bed.imds(VAULT)).status).toBe(400);
  expect(bed.exchanges()).toBe(2);
});
