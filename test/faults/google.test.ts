import { describe, expect, test } from 'vitest';

import type { Fault } from '../../src/stand-ins/google/faults.ts';
import { CONNECTOR, googleBed, secondsIn, tokenIn } from './google-bed.ts';
import type { GoogleBed } from './google-bed.ts';

/*
 * Google at fault, seen by a client of the metadata server: gcp-metadata reference 4.4 (which status),
 * 6.4 rows 61 to 64 and 68, 7.4 (what clients make of it).
 */

const MINUTE = 60_000;
const GCLOUD = '32555940559.apps.googleusercontent.com';

interface Row {
  readonly name: string;
  readonly fault: Fault | 'down';
  /** What clients are answered with nothing at hand. */
  readonly token: 503 | 403;
  readonly identity: 503 | 404;
  /** Ours, and Google’s where it gives one. */
  readonly code: string;
  readonly upstreamCode?: string;
}

const PASSING = { token: 503, identity: 503 } as const;
const A_PERSON_MUST_MEND = { token: 403, identity: 404 } as const;
const field = (value?: unknown): Fault => ({ kind: 'field', name: 'expires_in', value });
const MALFORMED = { ...PASSING, code: 'UPSTREAM_MALFORMED' } as const;
const DOWN = { ...PASSING, code: 'UPSTREAM_UNAVAILABLE' } as const;
const THROTTLED = { ...PASSING, code: 'UPSTREAM_THROTTLED' } as const;

/** Of both kinds of token. */
const FAULTS: readonly Row[] = [
  { name: 'refused connections', fault: 'down', ...DOWN, upstreamCode: 'ECONNREFUSED' },
  { name: 'a reset', fault: { kind: 'reset' }, ...DOWN },
  { name: 'no answer at all', fault: { kind: 'hang' }, ...DOWN },
  {
    name: '429',
    fault: { kind: 'error', status: 429, code: 'RESOURCE_EXHAUSTED' },
    ...THROTTLED,
    upstreamCode: 'RESOURCE_EXHAUSTED',
  },
  {
    name: '429 with Retry-After',
    fault: { kind: 'error', status: 429, retryAfterSeconds: 5 },
    ...THROTTLED,
    upstreamCode: 'rate_limit_exceeded',
  },
  {
    name: '500',
    fault: { kind: 'error', status: 500 },
    ...DOWN,
    upstreamCode: 'internal_failure',
  },
  {
    name: '503',
    fault: { kind: 'error', status: 503 },
    ...DOWN,
    upstreamCode: 'temporarily_unavailable',
  },
  { name: 'half a JSON', fault: { kind: 'body', body: 'malformed' }, ...MALFORMED },
  { name: 'a captive portal', fault: { kind: 'body', body: 'html' }, ...MALFORMED },
  { name: 'an empty 200', fault: { kind: 'body', body: 'empty' }, ...MALFORMED },
  { name: '8 MB', fault: { kind: 'body', body: 'oversized' }, ...MALFORMED },
  {
    // Reference 4.4 has 403. The time service of a machine that has just woken up mends it, though.
    name: 'another clock',
    fault: { kind: 'clock-skew', milliseconds: 2 * 3_600_000 },
    ...PASSING,
    code: 'UPSTREAM_CLOCK_SKEW',
    upstreamCode: 'invalid_grant',
  },
  {
    name: 'a revoked key',
    fault: { kind: 'error', status: 400, code: 'invalid_grant', message: 'Invalid JWT Signature.' },
    ...A_PERSON_MUST_MEND,
    code: 'UPSTREAM_BAD_CREDENTIAL',
    upstreamCode: 'invalid_grant',
  },
  {
    name: 'a deleted client',
    fault: { kind: 'error', status: 401, code: 'deleted_client' },
    ...A_PERSON_MUST_MEND,
    code: 'UPSTREAM_BAD_CREDENTIAL',
    upstreamCode: 'deleted_client',
  },
  {
    name: 'a delegation that is not there',
    fault: { kind: 'error', status: 401, code: 'unauthorized_client' },
    ...A_PERSON_MUST_MEND,
    code: 'UPSTREAM_DENIED',
    upstreamCode: 'unauthorized_client',
  },
  {
    name: 'a scope Google does not know',
    fault: { kind: 'error', status: 400, code: 'invalid_scope' },
    ...A_PERSON_MUST_MEND,
    code: 'UPSTREAM_INVALID',
    upstreamCode: 'invalid_scope',
  },
];

/** Of access tokens, whose answer has a lifetime of its own. */
const LIFETIMES: readonly Row[] = [
  { name: 'no expires_in', fault: field(), ...MALFORMED },
  { name: 'expires_in as text', fault: field('3599'), ...MALFORMED },
  { name: 'expires_in 0', fault: field(0), ...MALFORMED },
  { name: 'expires_in −5', fault: field(-5), ...MALFORMED },
  { name: 'expires_in of a year', fault: field(31_536_000), ...MALFORMED },
  {
    name: 'a token with a line end',
    fault: { ...field('a\r\nb'), name: 'access_token' } as Fault,
    ...MALFORMED,
  },
  {
    name: 'a token of another type',
    fault: { ...field('mac'), name: 'token_type' } as Fault,
    ...MALFORMED,
  },
];

async function begin({ google }: GoogleBed, fault: Row['fault']): Promise<void> {
  if (fault === 'down') await google.faults.down();
  else google.faults.add('oauth2:*', fault);
}

async function end({ google }: GoogleBed, fault: Row['fault']): Promise<void> {
  if (fault === 'down') await google.faults.up();
  else google.faults.clear();
}

/** Nothing of what was sent, and no answer of Google’s as it came. */
function expectNoSecret(bed: GoogleBed, text: string): void {
  const { private_key: pem } = JSON.parse(bed.keyAttributes['service_account_json'] ?? '') as {
    private_key: string;
  };
  const key = pem.split('\n')[1] ?? '';
  expect(key).toHaveLength(64);
  for (const secret of [key, 'ya29.', 'eyJ', 'PRIVATE KEY', 'Sign in to this network']) {
    expect(text).not.toContain(secret);
  }
}

describe('with nothing at hand', () => {
  test.each([...FAULTS, ...LIFETIMES])('$name: $token', async (row) => {
    const bed = await googleBed();
    await begin(bed, row.fault);
    const refused = await bed.patiently(() => bed.token());
    expect(refused.status).toBe(row.token);
    expect(refused.headers['metadata-flavor']).toBe('Google');
    expect(refused.body).not.toMatch(/\n/);
    expect(refused.body.length).toBeLessThan(400);
    // Who hangs is given up later than the client has to be told something.
    while (bed.logged('failed').length === 0) {
      await bed.clock.advance(100);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const [failed, ...more] = bed.logged('failed');
    expect(more).toEqual([]);
    expect(failed).toMatchObject({ subject: { connector: CONNECTOR }, code: row.code });
    if (row.upstreamCode !== undefined) {
      expect(failed).toMatchObject({ upstreamCode: row.upstreamCode });
      expect(refused.body).toContain(row.upstreamCode);
    }
    expectNoSecret(bed, refused.body + bed.daemon.logText());

    await end(bed, row.fault);
    expect((await bed.until(200, () => bed.token())).status).toBe(200);
  });

  test.each(FAULTS)('$name: identity $identity', async (row) => {
    const bed = await googleBed();
    await begin(bed, row.fault);
    const refused = await bed.patiently(() => bed.identity());
    expect(refused.status).toBe(row.identity);
    expect(refused.headers['metadata-flavor']).toBe('Google');
    // gcloud asks before each access token and dies of anything else.
    expect((await bed.patiently(() => bed.identity(GCLOUD))).status).toBe(404);
    expectNoSecret(bed, refused.body + bed.daemon.logText());

    await end(bed, row.fault);
    expect((await bed.until(200, () => bed.identity())).status).toBe(200);
  });
});

describe('with a token at hand', () => {
  test.each([...FAULTS, ...LIFETIMES])(
    '$name: served until it ends, then refused, then well',
    async (row) => {
      const bed = await googleBed();
      const { clock } = bed;
      const good = await bed.patiently(() => bed.token());
      const endsAt = Date.parse(String(bed.logged('obtained')[0]?.['expiresAt']));
      await begin(bed, row.fault);
      for (const minute of [20, 38, 50, 58]) {
        await clock.advance(endsAt - 3_599_000 + minute * MINUTE - clock.now());
        const served = await bed.token(); // the injected time stands still: nothing is waited for
        expect(tokenIn(served)).toBe(tokenIn(good));
        expect(secondsIn(served)).toBe(Math.floor((endsAt - clock.now()) / 1000));
      }
      const { calls } = bed.google;
      const asked = calls.count('oauth2:jwt-bearer');
      for (let i = 0; i < 50; i += 1) expect((await bed.token()).status).toBe(200);
      expect(calls.count('oauth2:jwt-bearer')).toBeLessThanOrEqual(asked + 1);

      await clock.advance(endsAt + 5_000 - clock.now());
      expect((await bed.until(row.token, () => bed.token())).status).toBe(row.token);
      await end(bed, row.fault);
      const fresh = await bed.until(200, () => bed.token());
      expect(fresh.status).toBe(200);
      expect(tokenIn(fresh)).not.toBe(tokenIn(good));
      expectNoSecret(bed, bed.daemon.logText());
    },
  );
});

describe('with an identity token at hand', () => {
  const ROWS = FAULTS.filter(({ name }) =>
    ['refused connections', '429', 'half a JSON', 'a revoked key'].includes(name),
  );
  test.each(ROWS)('$name: that one until it ends, another audience at once', async (row) => {
    const bed = await googleBed();
    const { clock } = bed;
    const good = await bed.patiently(() => bed.identity());
    const endsAt = Date.parse(String(bed.logged('obtained')[0]?.['expiresAt']));
    await begin(bed, row.fault);
    for (const leftMs of [30 * MINUTE, 10 * MINUTE, 2_000]) {
      await clock.advance(endsAt - leftMs - clock.now());
      const served = await bed.identity();
      expect([served.status, served.body]).toEqual([200, good.body]);
    }
    const other = () => bed.identity('https://other.example');
    expect((await bed.until(row.identity, other)).status).toBe(row.identity);
    await clock.advance(2_000);
    const ended = await bed.until(row.identity, () => bed.identity());
    expect([ended.status, ended.body.includes(good.body)]).toEqual([row.identity, false]);
    await end(bed, row.fault);
    expect((await bed.until(200, () => bed.identity())).body).not.toBe(good.body);
    expect((await bed.until(200, other)).status).toBe(200);
  });
});
