import { describe, expect, test } from 'vitest';

import type { Fault } from '../../src/stand-ins/google/faults.ts';
import { googleBed, secondsIn, tokenIn } from './google-bed.ts';
import type { GoogleBed } from './google-bed.ts';

/* Rows 52, 60 to 64, 68 and 69 of the gcp-metadata reference: what time does to tokens. */

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;

const exchanges = ({ google }: GoogleBed) => google.calls.count('oauth2:jwt-bearer');
const living = (value: number): Fault => ({ kind: 'field', name: 'expires_in', value });

/** A stored token with `seconds` left, which nothing can renew. */
function storedToken(seconds: number) {
  return googleBed({
    connector: ({ clock, project }) => ({
      auth_method: 'oauth2-token',
      attributes: { token: 'ya29.stored', project_id: project },
      expires_at: new Date(clock.now() + seconds * SECOND).toISOString(),
    }),
  });
}

test('row 52: the same token, and less life each second', async () => {
  const bed = await googleBed();
  await bed.patiently(() => bed.token());
  const first = await bed.token(); // with the injected time as it stays
  for (const step of [0, 400, 1_600, 5_000]) {
    await bed.clock.advance(step);
    const next = await bed.token();
    expect(tokenIn(next)).toBe(tokenIn(first));
  }
  expect(secondsIn(first) - secondsIn(await bed.token())).toBe(7);
});

test('rows 60, 61: 200 s left of a token that only errors follow: served, and not asked for in a storm', async () => {
  const bed = await googleBed();
  bed.google.faults.add('oauth2:*', living(200), 1);
  const first = await bed.patiently(() => bed.token());
  expect(secondsIn(first)).toBeLessThanOrEqual(200);
  bed.google.faults.add('oauth2:*', { kind: 'error', status: 500 });
  await bed.clock.advance(70 * SECOND); // a third of it, when renewing begins
  const [before, startedAt] = [exchanges(bed), bed.clock.now()];
  let served = 0;
  for (;;) {
    const all = await Promise.all(Array.from({ length: served === 0 ? 20 : 1 }, () => bed.token()));
    if (all[0]?.status !== 200) break;
    served += 1;
    expect(new Set(all.map(tokenIn))).toEqual(new Set([tokenIn(first)]));
    await bed.clock.advance(SECOND);
  }
  expect(served).toBeGreaterThan(125);
  const tries = exchanges(bed) - before;
  expect(tries).toBeGreaterThan(0);
  expect(tries).toBeLessThanOrEqual(Math.ceil((bed.clock.now() - startedAt) / (10 * SECOND)));
});

test('row 61: 200 s left of a stored token: told so, and no more until it has ended', async () => {
  const bed = await storedToken(200);
  const first = await bed.patiently(() => bed.token());
  expect(tokenIn(first)).toBe('ya29.stored');
  expect(secondsIn(first)).toBeGreaterThan(195);
  expect(secondsIn(first)).toBeLessThanOrEqual(200);
  await bed.clock.advance(150 * SECOND);
  expect(secondsIn(await bed.token())).toBeLessThanOrEqual(50);
  await bed.clock.advance(50 * SECOND);
  const ended = await bed.patiently(() => bed.token());
  expect(ended.status).toBe(403);
  expect(ended.body).toContain('valetkey connector update');
  expect(bed.google.calls.all()).toEqual({});
});

test('row 62: Google is down and 20 minutes are left: answered without waiting for anything', async () => {
  const bed = await googleBed();
  await bed.patiently(() => bed.token());
  const first = await bed.token();
  await bed.google.faults.down();
  await bed.clock.advance(secondsIn(first) * SECOND - 20 * MINUTE);
  const served = await bed.token();
  expect([served.status, tokenIn(served)]).toEqual([200, tokenIn(first)]);
  expect(secondsIn(served)).toBe(1_200);
});

test.each(['slow', 'hang'] as const)(
  'row 63, Google’s fault is %s: told 503 after 2 s, and one exchange goes on',
  async (kind) => {
    const bed = await googleBed();
    const { clock, google } = bed;
    google.faults.add('oauth2:*', kind === 'slow' ? { kind, milliseconds: 7_000 } : { kind });
    const waiting = bed.token();
    while (exchanges(bed) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await clock.advance(1_999);
    let told = false;
    void waiting.then(() => (told = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).toBe(false);
    await clock.advance(1);
    const early = await waiting;
    expect(early.status).toBe(503);
    expect(early.body).toContain('still being obtained');
    const more = await Promise.all([1, 2, 3].map(() => bed.patiently(bed.token)));
    expect(new Set(more.map(({ status }) => status))).toEqual(new Set([503]));
    expect(exchanges(bed)).toBe(1);
    if (kind === 'slow') {
      await clock.advance(3_000);
      while (bed.logged('obtained').length === 0)
        await new Promise((resolve) => setTimeout(resolve, 1));
    }
    google.faults.clear();
    const later = await (kind === 'slow' ? bed.token() : bed.until(200, bed.token));
    expect(later.status).toBe(200);
    expect(exchanges(bed)).toBe(kind === 'slow' ? 1 : 2);
  },
);

test('row 64: a revoked key is asked about once a minute, however often clients ask', async () => {
  const bed = await googleBed();
  bed.robot.disable();
  await bed.patiently(() => bed.token());
  const until = bed.clock.now() + 55 * SECOND;
  while (bed.clock.now() < until) {
    const refused = await bed.patiently(() => bed.token());
    expect(refused.status).toBe(403);
    expect(refused.body).toContain('valetkey connector update');
    await bed.clock.advance(900);
  }
  expect(exchanges(bed)).toBe(1);
  bed.robot.enable();
  expect((await bed.until(200, () => bed.token())).status).toBe(200);
});

describe('row 68: a token that ends within this second is never sent', () => {
  test.each([0.2, 0.999])('one of %d s: 503', async (seconds) => {
    const bed = await googleBed();
    bed.google.faults.add('oauth2:*', living(seconds));
    const refused = await bed.patiently(() => bed.token());
    expect(refused.status).toBe(503);
    expect(refused.body).not.toContain('ya29.');
  });

  test('in its last second it is renewed, or refused', async () => {
    const bed = await googleBed();
    bed.google.faults.add('oauth2:*', living(3));
    const seen = new Set<number>();
    for (let i = 0; i < 100; i += 1) {
      await bed.clock.advance(97);
      const answer = await bed.patiently(() => bed.token());
      if (answer.status === 200) seen.add(secondsIn(answer));
      else expect(answer.status).toBe(503);
    }
    expect(Math.min(...seen)).toBe(1);
  });
});

describe('row 69: a clock that is set', () => {
  test('an hour back: no second more than there really is', async () => {
    const bed = await googleBed();
    await bed.patiently(() => bed.token());
    const first = await bed.token(); // with the injected time as it stays
    await bed.clock.advance(10 * MINUTE);
    bed.clock.step(-HOUR);
    const after = await bed.token();
    expect(tokenIn(after)).toBe(tokenIn(first));
    expect(secondsIn(after)).toBe(secondsIn(first) - 600);
    await bed.clock.advance(10 * SECOND);
    expect(secondsIn(await bed.patiently(() => bed.token()))).toBeLessThanOrEqual(3_599);
  });

  test('invariant 12: an hour back, noticed: renewed, since whoever had not asked before would be told too much', async () => {
    const bed = await googleBed();
    const first = await bed.patiently(() => bed.token());
    await bed.clock.advance(20 * MINUTE);
    bed.clock.step(-HOUR);
    await bed.clock.advance(10 * SECOND);
    await expect
      .poll(async () => {
        await bed.clock.advance(10);
        return tokenIn(await bed.token());
      })
      .not.toBe(tokenIn(first));
    expect(exchanges(bed)).toBe(2);
  });

  test('two hours on: fresh at once, by the clock that is in force', async () => {
    const bed = await googleBed();
    const first = await bed.patiently(() => bed.token());
    bed.clock.step(2 * HOUR);
    const after = await bed.patiently(() => bed.token());
    expect(after.status).toBe(200);
    expect(tokenIn(after)).not.toBe(tokenIn(first));
    expect(secondsIn(after)).toBeGreaterThan(3_500);
  });

  test('a machine that slept past the expiry: fresh on the first request', async () => {
    const bed = await googleBed();
    const first = await bed.patiently(() => bed.token());
    bed.clock.suspend(3 * HOUR);
    const after = await bed.patiently(() => bed.token());
    expect(after.status).toBe(200);
    expect(tokenIn(after)).not.toBe(tokenIn(first));
  });
});

test('across two hours of renewals: never less than 20 minutes left, an exchange each half hour', async () => {
  const bed = await googleBed();
  await bed.patiently(() => bed.token());
  const left: number[] = [];
  const isDue = async () => {
    const { issued } = await bed.daemon.api.status({});
    return issued.some(({ renewsAt }) => Date.parse(renewsAt) <= bed.clock.now());
  };
  for (let tick = 0; tick < 720; tick += 1) {
    await bed.clock.advance(10 * SECOND);
    // A renewal is real input and output, which the injected time does not wait for.
    while (await isDue()) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await bed.clock.advance(5);
    }
    if (tick % 6 === 0) left.push(secondsIn(await bed.token()));
  }
  expect(Math.min(...left)).toBeGreaterThanOrEqual(20 * 60);
  expect(exchanges(bed)).toBeLessThanOrEqual(5);
});
