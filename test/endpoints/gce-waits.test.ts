import { describe, expect, test } from 'vitest';

import type { Connection } from '../../src/endpoints/contract.ts';
import gceMetadata from '../../src/endpoints/gcp/gce-metadata.ts';
import { CONNECTION, TRANSPORTS } from '../support/ask.ts';
import { caller, endpointWorld, type World } from '../support/endpoint-world.ts';
import { settle } from '../support/fake-clock.ts';
import { GCE, GOOGLE_ACCOUNTS } from '../support/google-accounts.ts';
import { rawClient } from '../support/raw-http.ts';
import { served } from '../support/served.ts';

const V = '/computeMetadata/v1';
const KEY = `${V}/instance/attributes/k`;
const FLAVOR = [['Metadata-Flavor', 'Google']] as const;

const give = (world: World, attributes: Readonly<Record<string, string>>): void => {
  world.caller = caller({ gce: { ...GCE, attributes } });
  for (const listener of world.listeners) listener();
};

const begin = async (open: (typeof TRANSPORTS)[keyof typeof TRANSPORTS]) => {
  const world = endpointWorld();
  give(world, { k: 'old', other: '1' });
  const ask = await open(world, gceMetadata);
  const get = (target: string) => ask(`GET ${target}`, FLAVOR);
  /** A request that waits by now. */
  const waiting = async (query: string, target = KEY) => {
    let answered = false;
    const reply = get(`${target}?wait_for_change=true${query}`).finally(() => (answered = true));
    await expect.poll(() => world.listeners.size).toBe(1);
    return { reply, isAnswered: () => answered };
  };
  return { world, get, waiting };
};

describe.each(Object.entries(TRANSPORTS))('wait_for_change %s', (_transport, open) => {
  test('row 44: nothing changes: after the time that was given the value as it was', async () => {
    const { world, get, waiting } = await begin(open);
    const before = await get(KEY);
    const { reply, isAnswered } = await waiting('&timeout_sec=1');
    await world.clock.advance(999);
    expect(isAnswered()).toBe(false);
    await world.clock.advance(1);
    expect(await reply).toMatchObject({ status: 200, body: 'old' });
    expect((await reply).headers['etag']).toBe(before.headers['etag']);
    await expect.poll(() => world.listeners.size).toBe(0);
  });

  test('row 45: a change is told at once, under another tag', async () => {
    const { world, get, waiting } = await begin(open);
    const before = await get(KEY);
    const { reply } = await waiting('&timeout_sec=10');
    await world.clock.advance(300);
    give(world, { k: 'new', other: '1' });
    expect(await reply).toMatchObject({ status: 200, body: 'new' });
    expect((await reply).headers['etag']).not.toBe(before.headers['etag']);
    expect(world.listeners.size).toBe(0);
  });

  test('row 45: a client that knows the state waits for the next one, without end', async () => {
    const { world, get, waiting } = await begin(open);
    const etag = (await get(KEY)).headers['etag'] ?? '';
    const { reply, isAnswered } = await waiting(`&last_etag=${etag}`);
    give(world, { k: 'old', other: '2' });
    await world.clock.advance(86_400_000);
    expect(isAnswered()).toBe(false);
    give(world, { k: 'new', other: '2' });
    expect((await reply).body).toBe('new');
  });

  test('row 45: a directory changes with everything below it', async () => {
    const { world, waiting } = await begin(open);
    const { reply } = await waiting('&recursive=true', `${V}/`);
    world.caller = caller({ accounts: [GOOGLE_ACCOUNTS[1]], gce: world.caller.gce });
    for (const listener of world.listeners) listener();
    expect(JSON.parse((await reply).body)).toMatchObject({
      project: { projectId: 'other-project-456' },
    });
  });

  test('what is taken away while somebody waits is 404', async () => {
    const { world, waiting } = await begin(open);
    const { reply } = await waiting('');
    give(world, { other: '1' });
    expect((await reply).status).toBe(404);
  });

  test('who is nobody by now is told nothing of what it waited for', async () => {
    const { world, waiting } = await begin(open);
    const { reply } = await waiting('');
    world.nobody = true;
    give(world, { k: 'new' });
    expect(await reply).toMatchObject({ status: 403, body: 'the request is refused' });
  });

  test('a day is the longest', async () => {
    const { world, waiting } = await begin(open);
    const { reply } = await waiting('&timeout_sec=99999999999999999999');
    await world.clock.advance(86_400_000);
    expect((await reply).body).toBe('old');
  });

  test('a caller that is looked up in the kernel waits, too', async () => {
    const { world, waiting } = await begin(open);
    world.slowly = true;
    const { reply } = await waiting('');
    give(world, { k: 'new' });
    expect((await reply).body).toBe('new');
  });
});

describe('row 36: the tag of a value', () => {
  test('stays with the value and with nothing else', async () => {
    const { world, get } = await begin(TRANSPORTS['in process']);
    const tag = async (target: string) => (await get(target)).headers['etag'];
    const before = [await tag(KEY), await tag(`${V}/instance/attributes/`)];
    expect(await tag(KEY)).toBe(before[0]);
    give(world, { k: 'old', other: '2' });
    expect(await tag(KEY)).toBe(before[0]);
    expect(await tag(`${V}/instance/attributes/`)).not.toBe(before[1]);
    give(world, { k: 'new', other: '2' });
    expect(await tag(KEY)).not.toBe(before[0]);
  });
});

test('row 47: a client that leaves leaves nothing behind', async () => {
  const { world, port, request } = await overSocket();
  const clients = await Promise.all(Array.from({ length: 20 }, () => rawClient({ port })));
  for (const client of clients) client.send(request('?wait_for_change=true&timeout_sec=600'));
  await expect.poll(() => world.listeners.size).toBe(20);
  for (const [index, client] of clients.entries()) {
    if (index % 2 === 0) client.end();
    else client.socket.end(); // says good-bye, and would still listen
  }
  await expect.poll(() => world.listeners.size).toBe(0);
});

test('row 49: on one connection a few wait, in order; more are told so', async () => {
  const { world, port, request } = await overSocket();
  const client = await rawClient({ port });
  client.send(request('?wait_for_change=true').repeat(9) + request(''));
  await expect.poll(() => world.listeners.size).toBe(8);
  give(world, { k: 'new' });
  const statuses = [];
  for (let i = 0; i < 10; i += 1) statuses.push((await client.reply()).status);
  expect(statuses).toEqual([...Array.from({ length: 8 }, () => 200), 503, 200]);
  expect(world.listeners.size).toBe(0);
  client.end();
});

test('row 49: a thousand wait, others are answered, one more is told so; afterwards there is room', async () => {
  const world = endpointWorld();
  give(world, { k: 'old' });
  const { app: load, direct } = gceMetadata.routes({ ...world.context, refused: () => undefined });
  const app = await load();
  const gone = new AbortController();
  const wait = async (signal: AbortSignal = gone.signal) => {
    const connection: Connection = { ...CONNECTION };
    const url = `http://127.0.0.1${KEY}?wait_for_change=true`;
    const headers = { 'Metadata-Flavor': 'Google' };
    return app.fetch(new Request(url, { headers, signal }), { connection });
  };
  const waits = Array.from({ length: 1000 }, () => wait());
  await expect.poll(() => world.listeners.size).toBe(1000);

  const rawHeaders = ['Metadata-Flavor', 'Google'];
  const request = { connection: CONNECTION, method: 'GET', target: KEY, rawHeaders };
  expect(direct?.(request)).toMatchObject({ status: 200, body: 'old' });
  expect((await wait()).status).toBe(503);

  gone.abort();
  await Promise.all(waits);
  expect(world.listeners.size).toBe(0);
  const again = wait(new AbortController().signal);
  await settle();
  give(world, { k: 'new' });
  expect(await (await again).text()).toBe('new');
});

async function overSocket() {
  const world = endpointWorld();
  give(world, { k: 'old' });
  const { port, host } = await served(world, [gceMetadata]);
  const request = (query: string): string =>
    `GET ${KEY}${query} HTTP/1.1\r\nHost: ${host}\r\nMetadata-Flavor: Google\r\n\r\n`;
  return { world, port, request };
}
