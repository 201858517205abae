import { expect, onTestFinished, test } from 'vitest';

import { azureBed, STORAGE, tokenIn, VAULT } from '../faults/azure-bed.ts';
import type { AzureBed, Reply } from '../faults/azure-bed.ts';
import { fieldsOfJson } from '../support/json.ts';
import { rawClient } from '../support/raw-http.ts';

/* Crowds at the managed-identity endpoints, where clients choose the resource, and one that means harm. */

const statuses = (replies: readonly Reply[]) => {
  const counts = new Map<number, number>();
  for (const { status } of replies) counts.set(status, (counts.get(status) ?? 0) + 1);
  return Object.fromEntries(counts);
};

/** One connection: who is behind it is looked up once. */
async function connection({ daemon }: AzureBed) {
  const port = Number(new URL(daemon.baseUrl).port);
  const client = await rawClient({ port });
  onTestFinished(() => client.end());
  return (resource: string, more = '') => {
    client.send(
      `GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource=${resource}${more} HTTP/1.1\r\n` +
        `Host: 127.0.0.1:${port}\r\nMetadata: true\r\n\r\n`,
    );
    return client.reply();
  };
}

test('1,000 clients at once on a cold key, in both shapes: one exchange, one token', async () => {
  const bed = await azureBed();
  const all = await Promise.all(
    Array.from({ length: 1_000 }, (_, i) => (i % 2 === 0 ? bed.imds() : bed.appService())),
  );
  expect(statuses(all)).toEqual({ 200: 1_000 });
  expect(new Set(all.map(tokenIn)).size).toBe(1);
  expect(bed.exchanges()).toBe(1);
});

test('200 connections with many requests each: one exchange', async () => {
  const bed = await azureBed();
  const tokens = new Set<unknown>();
  await Promise.all(
    Array.from({ length: 200 }, async () => {
      const ask = await connection(bed);
      for (let i = 0; i < 10; i += 1) {
        const { status, body } = await ask(STORAGE);
        expect(status).toBe(200);
        tokens.add(fieldsOfJson(body)['access_token']);
      }
    }),
  );
  expect(tokens.size).toBe(1);
  expect(bed.exchanges()).toBe(1);
});

test('how a resource is written does not matter, but for what makes it another', async () => {
  const bed = await azureBed();
  const ask = await connection(bed);
  const same = [];
  for (const written of [STORAGE, encodeURIComponent(STORAGE), STORAGE.replace(':', '%3a')]) {
    same.push(await ask(written), await ask(written, '&client_id='), await ask(written, '&x=1'));
  }
  const tokens = new Set(same.map(({ body }) => fieldsOfJson(body)['access_token']));
  expect([tokens.size, bed.exchanges()]).toEqual([1, 1]);
  const slash = await ask(`${STORAGE}/`);
  expect(fieldsOfJson(slash.body)).toMatchObject({ resource: `${STORAGE}/` });
  expect(bed.exchanges()).toBe(2);
});

test('many resources: bounded in memory, and what a workload uses is not pushed out', async () => {
  const bed = await azureBed();
  const own = await bed.imds();
  const ask = await connection(bed);
  for (let i = 0; i < 400; i += 1) {
    bed.azure.directory.resources.add(`https://made-up-${i}.example`);
    expect((await ask(`https://made-up-${i}.example`)).status).toBe(200);
    // As a client does that works meanwhile.
    if (i % 50 === 0) expect(tokenIn(await bed.imds())).toBe(tokenIn(own));
  }
  expect(bed.exchanges()).toBe(401);
  expect((await bed.daemon.api.status({})).issued.length).toBeLessThanOrEqual(257);
  expect(tokenIn(await bed.imds())).toBe(tokenIn(own));
  expect(bed.exchanges()).toBe(401);
});

test('500 resources at once over an Entra that hangs: 8 exchanges, 64 wait, the rest is told to come again', async () => {
  const bed = await azureBed();
  await bed.imds();
  bed.azure.faults.add('entra:*', { kind: 'hang' });
  const before = bed.exchanges();
  const asked = Array.from({ length: 500 }, (_, i) => bed.imds(`https://made-up-${i}.example`));
  const open = new Set(asked);
  for (const one of asked) void one.then(() => open.delete(one));
  while (open.size > 8 + 64 || bed.exchanges() - before < 8) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect((await bed.imds()).status).toBe(200);
  await bed.clock.advance(8_000); // as long as a client waits, and less than an exchange may take
  expect(statuses(await Promise.all(asked))).toEqual({ 503: 500 });
  expect(bed.exchanges() - before).toBe(8);
  expect((await bed.daemon.api.status({})).issued).toHaveLength(1);
  expect(bed.daemon.logText().split('\n').length).toBeLessThan(400);
});

test('2,000 resources, none of them granted: refused, and Entra never hears of them', async () => {
  const bed = await azureBed({ grant: `, scopes: ["${VAULT}"]` });
  expect((await bed.imds(VAULT)).status).toBe(200);
  const before = bed.exchanges();
  const ask = await connection(bed);
  for (let i = 0; i < 2_000; i += 1) {
    expect((await ask(`https://made-up-${i}.example`)).status).toBe(403);
  }
  expect(bed.exchanges()).toBe(before);
  expect((await bed.imds(VAULT)).status).toBe(200);
  expect(bed.daemon.logText().split('\n').length).toBeLessThan(400);
  expect((await bed.daemon.metrics()).length).toBeLessThan(60_000);
});

test('resources that look like a granted one are others, and refused before anybody is asked', async () => {
  const bed = await azureBed({ grant: ', resource_id: "az://acmedata/zenfiles"' });
  expect((await bed.imds(STORAGE)).status).toBe(200);
  expect((await bed.imds('https://acmedata.blob.core.windows.net')).status).toBe(200);
  const before = bed.exchanges();
  const refused = [
    VAULT,
    'https://management.azure.com/',
    'https://evil.blob.core.windows.net@management.azure.com',
    'https://management.azure.com?x=.blob.core.windows.net',
    'https://management.azure.com#.blob.core.windows.net',
    'https://management.azure.com/.blob.core.windows.net',
    'https://a/b.blob.core.windows.net',
    'https://x.blob.core.windows.net.evil.example',
    'https://x.blob.core.windows.net:8443',
    'https://*.blob.core.windows.net',
    `${STORAGE}//`,
    `${STORAGE}/../`,
    `${STORAGE}%2f`,
    `${STORAGE}/.default`,
    `${STORAGE}/.default ${VAULT}`,
    `${STORAGE} ${VAULT}`,
    `${STORAGE},${VAULT}`,
    `${STORAGE}\u0000`,
    'https://vault.azure.net/.default/',
    '*',
    '.default',
    '/',
    'x'.repeat(8_192),
  ];
  for (const resource of refused) {
    const reply = await bed.imds(resource);
    expect([resource, [400, 403].includes(reply.status)]).toEqual([resource, true]);
    expect((await bed.appService(resource)).status).toBe(reply.status);
  }
  expect(bed.exchanges()).toBe(before);
});
