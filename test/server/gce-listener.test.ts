import { describe, expect, test } from 'vitest';

import { ENDPOINTS } from '../../src/endpoints/index.ts';
import { permittedAddress, peerAllowed } from '../../src/server/address.ts';
import { testDaemon } from '../support/daemon.ts';
import { endpointWorld, SECRET } from '../support/endpoint-world.ts';
import { get } from '../support/http.ts';
import { exchange, rawClient } from '../support/raw-http.ts';
import { served, type ServeOptions, told } from '../support/served.ts';

const V = '/computeMetadata/v1';
const TOKEN = `${V}/instance/service-accounts/default/token`;
const GOOGLE = [ENDPOINTS['gce-metadata']];
const SHARED = [ENDPOINTS.ecs, ENDPOINTS.imds, ...GOOGLE];

const begin = async (endpoints = GOOGLE, options: ServeOptions = {}) => {
  const world = endpointWorld();
  const place = await served(world, endpoints, options);
  const request = (target: string, head = '', method = 'GET'): string =>
    `${method} ${target} HTTP/1.1\r\nHost: ${place.host}\r\nMetadata-Flavor: Google\r\n${head}\r\n`;
  return { world, ...place, request };
};

describe('what the parser refuses', () => {
  test.each([
    { row: 'row 97', name: 'no Host', bytes: `GET ${TOKEN} HTTP/1.1\r\n\r\n`, status: 400 },
    {
      row: 'row 103',
      name: 'CONNECT',
      bytes: 'CONNECT evil.example:443 HTTP/1.1\r\nHost: metadata\r\n\r\n',
      status: 405,
    },
    {
      row: 'row 105',
      name: 'a header block of 64 kB',
      bytes: `GET / HTTP/1.1\r\nHost: metadata\r\nX: ${'x'.repeat(65_536)}\r\n\r\n`,
      status: 431,
    },
    {
      row: 'row 107',
      name: 'bytes in the path that are no ASCII',
      bytes: `GET ${V}/\u00ff\u00fe HTTP/1.1\r\nHost: metadata\r\n\r\n`,
      status: 400,
    },
    {
      row: 'row 102',
      name: 'a target of another scheme',
      bytes: `GET https://metadata${TOKEN} HTTP/1.1\r\nHost: metadata\r\n\r\n`,
      status: 400,
    },
    {
      row: 'row 102',
      name: 'a target without Host',
      bytes: `GET http://metadata${TOKEN} HTTP/1.1\r\nMetadata-Flavor: Google\r\n\r\n`,
      status: 400,
    },
  ])('$row: $name', async ({ bytes, status }) => {
    const { port, request } = await begin();
    const client = await rawClient({ port });
    client.send(bytes);
    expect((await client.reply()).status).toBe(status);
    await client.closed();
    expect((await exchange({ port }, request(TOKEN))).status).toBe(200);
  });

  test('row 106: a request that comes byte by byte is cut off', async () => {
    const { port, request } = await begin(GOOGLE, { limits: { headerMs: 150 } });
    const client = await rawClient({ port });
    const bytes = request(TOKEN);
    let sent = -1;
    const drip = setInterval(() => client.send(bytes.charAt((sent += 1))), 20);
    try {
      expect((await client.reply()).status).toBe(408);
      await client.closed();
    } finally {
      clearInterval(drip);
    }
    expect((await exchange({ port }, request(TOKEN))).status).toBe(200);
  });
});

describe('one connection', () => {
  test('row 109, row 117: 50 requests at once are answered in order, each of its own length', async () => {
    const { port, request } = await begin();
    const client = await rawClient({ port });
    const targets = ['/', TOKEN, `${V}/instance`, `${V}/nothing`, `${V}/instance/?recursive=true`];
    const all = Array.from({ length: 10 }, () => targets).flat();
    client.send(all.map((target) => request(target)).join(''));
    const replies = [];
    for (const _ of all) replies.push(await client.reply());
    expect(replies.map(({ status }) => status)).toEqual(
      Array.from({ length: 10 }, () => [200, 200, 301, 404, 200]).flat(),
    );
    for (const { headers, body } of replies) {
      expect(headers['content-length']).toBe(String(Buffer.byteLength(body)));
      expect(headers['transfer-encoding']).toBeUndefined();
    }
    client.end();
  });

  test('row 118: kept longer than any client keeps it (Go: 60 s), and used again', async () => {
    const { port, request } = await begin();
    const client = await rawClient({ port });
    for (let i = 0; i < 3; i += 1) {
      client.send(request(TOKEN));
      const { status, headers } = await client.reply();
      expect(status).toBe(200);
      const kept = Number(/timeout=(\d+)/.exec(headers['keep-alive'] ?? '')?.[1]);
      expect(kept).toBeGreaterThanOrEqual(65);
    }
    client.end();
  });

  test('row 4: what HEAD announces is what GET sends', async () => {
    const { port, request } = await begin();
    for (const target of ['/', TOKEN, `${V}/instance`, `${V}/nothing`]) {
      const full = await exchange({ port }, request(target));
      const head = await exchange({ port }, request(target, '', 'HEAD'));
      expect(head).toMatchObject({ status: full.status, body: '' });
      expect({ ...head.headers, date: '' }).toEqual({ ...full.headers, date: '' });
    }
  });

  test('row 108: a body behind GET is read past, not served as the next request', async () => {
    const { port, request } = await begin();
    const client = await rawClient({ port });
    const hidden = request('/nothing');
    client.send(request(TOKEN, `Content-Length: ${hidden.length}\r\n`) + hidden + request(TOKEN));
    expect([(await client.reply()).status, (await client.reply()).status]).toEqual([200, 200]);
    client.end();
  });
});

describe('three protocols on one listener', () => {
  test('row 112: those of AWS stay theirs, whatever the flavor', async () => {
    const { port, request } = await begin(SHARED);
    const list = await exchange({ port }, request('/latest/meta-data/'));
    expect(list).toMatchObject({ status: 401 });
    expect(list.headers).not.toHaveProperty('metadata-flavor');
    const session = await exchange({ port }, request('/latest/api/token', '', 'PUT'));
    expect(session).toMatchObject({ status: 400, body: expect.stringContaining('ttl') });
    const keys = await exchange(
      { port },
      request('/v1/credentials', `Authorization: ${SECRET}\r\n`),
    );
    expect(JSON.parse(keys.body)).toHaveProperty('AccessKeyId');
  });

  test('row 112: alone, there is no other', async () => {
    const { port, request } = await begin();
    for (const [target, method] of [
      ['/latest/meta-data/', 'GET'],
      ['/latest/api/token', 'PUT'],
      ['/v1/credentials', 'GET'],
    ] as const) {
      expect((await exchange({ port }, request(target, '', method))).status).toBe(404);
    }
  });

  test('row 113: nor Azure’s', async () => {
    const { port, request } = await begin(SHARED);
    for (const target of ['/metadata/identity/oauth2/token', '/metadata/instance?api-version=x']) {
      expect((await exchange({ port }, request(target, 'Metadata: true\r\n'))).status).toBe(404);
    }
  });

  test('row 96: names of this protocol are none of the others', async () => {
    const { port, host } = await begin(SHARED);
    const from = (name: string, target: string): string =>
      `GET ${target} HTTP/1.1\r\nHost: ${name}\r\nMetadata-Flavor: Google\r\nAuthorization: ${SECRET}\r\n\r\n`;
    const statuses = async (name: string) =>
      Promise.all(
        [TOKEN, '/v1/credentials'].map(
          async (target) => (await exchange({ port }, from(name, target))).status,
        ),
      );
    expect(await statuses(host)).toEqual([200, 200]);
    expect(await statuses(`localhost:${port}`)).toEqual([200, 403]);
    expect(await statuses('metadata.google.internal.')).toEqual([200, 403]);
    expect(await statuses('169.254.170.2')).toEqual([403, 200]);
  });

  test('row 102: nor do they take a target with a host', async () => {
    const { port, host, world } = await begin(SHARED);
    const target = (path: string): string =>
      `GET http://${host}${path} HTTP/1.1\r\nHost: ${host}\r\nMetadata-Flavor: Google\r\nAuthorization: ${SECRET}\r\n\r\n`;
    expect((await exchange({ port }, target(TOKEN))).status).toBe(200);
    expect((await exchange({ port }, target('/v1/credentials'))).status).toBe(400);
    expect(await told(world)).toContain('target');
  });

  test('row 102: such a target does not stand for a wait, either', async () => {
    const { port, request, world } = await begin();
    const client = await rawClient({ port });
    client.send(request(`http://metadata${V}/instance/name?wait_for_change=true&timeout_sec=1`));
    await expect.poll(() => world.listeners.size).toBe(1);
    await world.clock.advance(1_000);
    expect(await client.reply()).toMatchObject({ status: 200, body: 'app' });
    client.end();
  });
});

test('row 114: nobody from another machine: neither bound for them nor let in', () => {
  for (const address of ['0.0.0.0', '::', '10.0.0.1']) {
    expect(() => permittedAddress(address)).toThrow(
      expect.objectContaining({ code: 'ADDRESS_REFUSED' }),
    );
  }
  expect(peerAllowed('169.254.169.254', '10.0.0.1')).toBe(false);
  expect(peerAllowed('127.0.0.1', '10.0.0.1')).toBe(false);
});

test('row 119: a daemon that has just started is seen, before there is any token', async () => {
  const { baseUrl } = await testDaemon({ env: {} });
  const { status, headers, body } = await get(`${baseUrl}/`);
  expect({ status, body }).toEqual({ status: 200, body: 'computeMetadata/\n' });
  expect(headers['metadata-flavor']).toBe('Google');
});

test('row 120: at the end what is in progress is answered, and nothing new is taken', async () => {
  const { world, listener, port, request } = await begin();
  world.upstream = 'hangs';
  const busy = await rawClient({ port });
  busy.send(request(TOKEN));
  await expect.poll(() => world.choices.length).toBe(1);
  const closed = listener.close(5_000);
  await expect(rawClient({ port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await world.clock.advance(2_000);
  expect(await busy.reply()).toMatchObject({ status: 503, headers: { connection: 'close' } });
  await busy.closed();
  await closed;
});

test('row 120: at the end nobody waits for a change any longer', async () => {
  const { world, listener, port, request } = await begin();
  const waiting = await rawClient({ port });
  waiting.send(request(`${V}/instance/name?wait_for_change=true`));
  await expect.poll(() => world.listeners.size).toBe(1);
  const closed = listener.close(5_000);
  expect(await waiting.reply()).toMatchObject({
    status: 200,
    body: 'app',
    headers: { connection: 'close' },
  });
  await waiting.closed();
  await closed;
  expect(world.listeners.size).toBe(0);
});
