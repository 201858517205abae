import { expect, onTestFinished, test } from 'vitest';

import { fieldsOfJson } from '../support/json.ts';
import { rawClient } from '../support/raw-http.ts';
import { AUDIENCE, googleBed, tokenIn } from './google-bed.ts';
import type { GoogleBed, Reply } from './google-bed.ts';

/*
 * Invariants 4 and 8 at the metadata server, where clients choose scopes and audiences: rows 54, 55,
 * 59 and 84 of the gcp-metadata reference, and a client that means harm.
 */

const AUTH = 'https://www.googleapis.com/auth';
const exchanges = ({ google }: GoogleBed) => google.calls.count('oauth2:jwt-bearer');
const statuses = (replies: readonly Reply[]) => {
  const counts = new Map<number, number>();
  for (const { status } of replies) counts.set(status, (counts.get(status) ?? 0) + 1);
  return Object.fromEntries(counts);
};

/** One connection: who is behind it is looked up once. */
async function connection({ daemon }: GoogleBed) {
  const port = Number(new URL(daemon.baseUrl).port);
  const client = await rawClient({ port });
  onTestFinished(() => client.end());
  return (path: string) => {
    client.send(
      `GET /computeMetadata/v1/instance/service-accounts/default/${path} HTTP/1.1\r\n` +
        `Host: 127.0.0.1:${port}\r\nMetadata-Flavor: Google\r\n\r\n`,
    );
    return client.reply();
  };
}

test('row 59: 1,000 clients at once on a cold key: one exchange, one token', async () => {
  const bed = await googleBed();
  const all = await Promise.all(Array.from({ length: 1_000 }, () => bed.token()));
  expect(statuses(all)).toEqual({ 200: 1_000 });
  expect(new Set(all.map(tokenIn)).size).toBe(1);
  expect(exchanges(bed)).toBe(1);
});

test('200 connections with many requests each: one exchange', async () => {
  const bed = await googleBed();
  const tokens = new Set<unknown>();
  await Promise.all(
    Array.from({ length: 200 }, async () => {
      const ask = await connection(bed);
      for (let i = 0; i < 10; i += 1) {
        const { status, body } = await ask('token');
        expect(status).toBe(200);
        tokens.add(fieldsOfJson(body)['access_token']);
      }
    }),
  );
  expect(tokens.size).toBe(1);
  expect(exchanges(bed)).toBe(1);
});

test('rows 54, 55: scopes in any order, repeated, by any separator: one exchange; others: another', async () => {
  const bed = await googleBed();
  const [read, compute] = [`${AUTH}/devstorage.read_only`, `${AUTH}/compute`];
  const queries = [
    `?scopes=${read},${compute}`,
    `?scopes=${compute},${read}`,
    `?scopes=${encodeURIComponent(`${compute},${read}`)}`,
    `?scopes=${compute},${read},${compute}`,
    `?scopes=${compute}+${read}`,
    `?scopes=${compute}%20${read}`,
    `?scopes=,${compute},,${read},`,
  ];
  const all = await Promise.all(queries.flatMap((query) => [bed.token(query), bed.token(query)]));
  expect(statuses(all)).toEqual({ 200: all.length });
  expect(new Set(all.map(tokenIn)).size).toBe(1);
  expect(exchanges(bed)).toBe(1);
  const [wanted] = bed.google.log;
  expect([...(wanted?.scopes ?? [])].sort()).toEqual([compute, read].sort());
  expect(tokenIn(await bed.token(`?scopes=${read}`))).not.toBe(tokenIn(all[0] as Reply));
  expect(exchanges(bed)).toBe(2);
});

test('row 84: audiences have tokens of their own, and the account’s own token stays', async () => {
  const bed = await googleBed();
  const own = await bed.token();
  const first = await bed.identity();
  const ask = await connection(bed);
  for (let i = 0; i < 300; i += 1) {
    expect((await ask(`identity?audience=${AUDIENCE}/${i}`)).status).toBe(200);
  }
  expect(exchanges(bed)).toBe(302);
  expect((await bed.daemon.api.status({})).issued).toHaveLength(257);
  expect(tokenIn(await bed.token())).toBe(tokenIn(own));
  expect(exchanges(bed)).toBe(302);
  // Asked for longest ago, so it made room.
  const again = await bed.identity();
  expect(again.body.split('.')[1]).toBe(first.body.split('.')[1]);
  expect(exchanges(bed)).toBe(303);
});

test('500 audiences at once, over a Google that is slow: 16 exchanges at a time, others told to come again', async () => {
  const bed = await googleBed();
  await bed.token();
  bed.google.faults.add('oauth2:*', { kind: 'hang' });
  const before = exchanges(bed);
  const asked = Array.from({ length: 500 }, (_, i) => bed.identity(`${AUDIENCE}/${i}`));
  // Who waits for these, and 64 behind them, is answered when the injected time goes on; all others are.
  const open = new Set(asked);
  for (const one of asked) void one.then(() => open.delete(one));
  while (open.size > 80 || exchanges(bed) - before < 16) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(exchanges(bed) - before).toBe(16);
  expect((await bed.token()).status).toBe(200);
  await bed.clock.advance(2_000);
  expect(statuses(await Promise.all(asked))).toEqual({ 503: 500 });
  expect(exchanges(bed) - before).toBe(16);
  expect((await bed.daemon.api.status({})).issued).toHaveLength(1);
  // A flood of refusals is a few lines of log (invariant 8).
  expect(bed.daemon.logText().split('\n').length).toBeLessThan(400);
});

test('2,000 scope sets, none of them granted: 403, and Google never hears of them', async () => {
  const bed = await googleBed({ grant: `, scopes: ["${AUTH}/devstorage.read_only"]` });
  await bed.token();
  const before = exchanges(bed);
  const ask = await connection(bed);
  for (let i = 0; i < 2_000; i += 1) {
    expect((await ask(`token?scopes=${AUTH}/made-up-${i}`)).status).toBe(403);
  }
  expect(exchanges(bed)).toBe(before);
  expect((await bed.token()).status).toBe(200);
  expect(bed.daemon.logText().split('\n').length).toBeLessThan(400);
  expect((await bed.daemon.metrics()).length).toBeLessThan(60_000);
});

test('audiences and scopes that are refused before anybody looks at them', async () => {
  const bed = await googleBed({ grant: ', audiences: ["https://one.example"]' });
  expect((await bed.identity('https://one.example')).status).toBe(200);
  const before = exchanges(bed);
  const refused = await Promise.all([
    bed.identity('https://two.example'),
    bed.identity('https://one.example/'),
    bed.identity('HTTPS://ONE.EXAMPLE'),
    bed.identity('x'.repeat(10_000)),
    bed.identity('a\u0000b'),
    bed.identity(''),
    bed.token('?scopes=%22'),
    bed.token('?scopes=%0a'),
    bed.token('?scopes=a&scopes=b'),
    bed.token(`?scopes=${AUTH}/cloud-platform.extra`),
  ]);
  expect(refused.map(({ status }) => status)).toEqual([
    404, 404, 404, 400, 400, 400, 400, 400, 400, 403,
  ]);
  expect(exchanges(bed)).toBe(before);
});
