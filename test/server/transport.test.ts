import { describe, expect, test } from 'vitest';

import { ENDPOINTS } from '../../src/endpoints/index.ts';
import { endpointWorld, SECRET, type World } from '../support/endpoint-world.ts';
import { settle } from '../support/fake-clock.ts';
import { exchange, rawClient } from '../support/raw-http.ts';
import { served, type ServeOptions } from '../support/served.ts';

const BOTH = [ENDPOINTS.ecs, ENDPOINTS.imds];

const serve = async (options: ServeOptions = {}, world: World = endpointWorld()) => {
  const place = await served(world, BOTH, options);
  const get = (head = '', path = '/v1/credentials'): string =>
    `GET ${path} HTTP/1.1\r\nHost: ${place.host}\r\nAuthorization: ${SECRET}\r\n${head}\r\n`;
  return { ...place, world, get };
};

const whys = async (world: World): Promise<string> => {
  await settle();
  return world.events.map((event) => (event.type === 'refused' ? event.why : '')).join('\n');
};

describe('one connection', () => {
  test('row 14: HTTP/1.0 is answered and closed', async () => {
    const { port, host } = await serve();
    const client = await rawClient({ port });
    client.send(
      `GET /v1/credentials HTTP/1.0\r\nHost: ${host}\r\nAuthorization: ${SECRET}\r\n\r\n`,
    );
    expect(await client.reply()).toMatchObject({ status: 200, headers: { connection: 'close' } });
    await client.closed();
  });

  test('row 15: kept longer than any client keeps it (Go: 90 s), and used again', async () => {
    const { port, get } = await serve();
    const client = await rawClient({ port });
    for (let i = 0; i < 3; i += 1) {
      client.send(get());
      const { status, headers } = await client.reply();
      expect(status).toBe(200);
      expect(headers['connection']).toBe('keep-alive');
      expect(Number(/timeout=(\d+)/.exec(headers['keep-alive'] ?? '')?.[1])).toBeGreaterThanOrEqual(
        95,
      );
    }
    client.end();
  });

  test('pipelined requests are answered in order', async () => {
    const { port, get } = await serve();
    const client = await rawClient({ port });
    client.send(get() + get('', '/nothing') + get());
    const statuses = [await client.reply(), await client.reply(), await client.reply()];
    expect(statuses.map(({ status }) => status)).toEqual([200, 404, 200]);
    client.end();
  });

  test('row 107: Expect: 100-continue, then the answer; any other expectation is 417', async () => {
    const { port, host, get } = await serve();
    const client = await rawClient({ port });
    client.send(
      `PUT /latest/api/token HTTP/1.1\r\nHost: ${host}\r\nExpect: 100-continue\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\nContent-Length: 0\r\n\r\n`,
    );
    expect((await client.reply()).status).toBe(100);
    expect((await client.reply()).status).toBe(200);
    client.end();
    expect((await exchange({ port }, get('Expect: miracles\r\n'))).status).toBe(417);
  });
});

describe('what the parser refuses', () => {
  test.each([
    [95, 'no Host', 'GET /v1/credentials HTTP/1.1\r\n\r\n', 400],
    [
      96,
      'absolute target',
      'GET http://127.0.0.1/v1/credentials HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
      400,
    ],
    [99, 'CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', 405],
    [99, 'TRACE', 'TRACE / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', 405],
    [
      100,
      'chunked and a length',
      'PUT /latest/api/token HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
      400,
    ],
    [
      100,
      'two lengths',
      'PUT / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
      400,
    ],
    [
      101,
      'header block over 16 KB',
      `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`,
      431,
    ],
    [
      101,
      'header block of 1 MB',
      `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(1_000_000)}\r\n\r\n`,
      431,
    ],
    [101, 'target of 20 KB', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`, 431],
    [105, 'NUL in a header', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\0b\r\n\r\n', 400],
    [105, 'control byte in the path', 'GET /a\u0001b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', 400],
    [105, 'bare CR in a header', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\rb\r\n\r\n', 400],
    [105, 'a folded header', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\r\n b\r\n\r\n', 400],
    [105, 'a space before the colon', 'GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n', 400],
    [98, 'HTTP/2 by prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    [98, 'TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003', 400],
  ])('row %i: %s', async (_row, _name, bytes, status) => {
    const { port, world, get } = await serve();
    const client = await rawClient({ port });
    client.send(bytes);
    const reply = await client.reply();
    expect(reply.status).toBe(status);
    expect(reply.headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(reply.headers['content-length']).toMatch(/^\d+$/);
    if (status !== 405) {
      expect(reply.headers['connection']).toBe('close');
      await client.closed();
    }
    client.end();
    expect(await whys(world)).toMatch(/./);
    expect((await exchange({ port }, get())).status).toBe(200);
  });

  test('more headers than Node keeps do not hide one from the guard', async () => {
    const { port, get } = await serve();
    const many = 'a:\r\n'.repeat(2_500);
    expect((await exchange({ port }, get(`${many}Origin: https://evil.example\r\n`))).status).toBe(
      403,
    );
  });

  test('row 98: Upgrade is not heard: no 101, the request is answered', async () => {
    const { port, get } = await serve();
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n';
    expect((await exchange({ port }, get(upgrade))).status).toBe(200);
  });
});

describe('row 51: bodies', () => {
  const put = (host: string, head: string): string =>
    `PUT /latest/api/token HTTP/1.1\r\nHost: ${host}\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n${head}\r\n`;

  test('1 MB announced and sent: the refusal arrives whole, the connection is closed', async () => {
    const { port, host } = await serve();
    const client = await rawClient({ port });
    client.send(put(host, 'Content-Length: 1000000\r\n') + 'x'.repeat(1_000_000));
    const reply = await client.reply();
    expect(reply).toMatchObject({ status: 413, headers: { connection: 'close' } });
    await client.closed();
  });

  test('chunks without end are not kept: answered, then cut off', async () => {
    const { port, host } = await serve();
    const client = await rawClient({ port });
    client.send(put(host, 'Transfer-Encoding: chunked\r\n'));
    const more = setInterval(() => client.send(`400\r\n${'x'.repeat(1024)}\r\n`), 5);
    try {
      expect((await client.reply()).status).toBe(200);
      await client.closed();
    } finally {
      clearInterval(more);
    }
  });

  test('a body on GET is read past, not served as the next request', async () => {
    const { port, get } = await serve();
    const client = await rawClient({ port });
    const hidden = get('', '/nothing');
    client.send(get(`Content-Length: ${hidden.length}\r\n`) + hidden + get());
    expect([(await client.reply()).status, (await client.reply()).status]).toEqual([200, 200]);
    client.end();
  });
});

describe('what does not end', () => {
  test('row 102: a header that dribbles, and a client that says nothing, are cut off', async () => {
    const { port, world, get } = await serve({ limits: { headerMs: 150 } });
    const dribbling = await rawClient({ port });
    const silent = await rawClient({ port });
    dribbling.send('GET /v1/cred');
    const drip = setInterval(() => dribbling.send('x'), 20);
    try {
      expect((await dribbling.reply()).status).toBe(408);
      await dribbling.closed();
      await silent.closed();
    } finally {
      clearInterval(drip);
    }
    expect(await whys(world)).toContain('ERR_HTTP_REQUEST_TIMEOUT');
    expect((await exchange({ port }, get())).status).toBe(200);
  });

  test('row 103: idle connections push each other out, the oldest first; who asks is served', async () => {
    const { port, get } = await serve({ limits: { connections: 20 } });
    const busy = await rawClient({ port });
    const idle = [];
    for (let i = 0; i < 60; i += 1) {
      idle.push(await rawClient({ port }));
      busy.send(get());
      expect((await busy.reply()).status).toBe(200);
    }
    await Promise.all(idle.slice(0, 41).map((client) => client.closed()));
    const youngest = idle.at(-1);
    youngest?.send(get());
    expect((await youngest?.reply())?.status).toBe(200);
    for (const client of [busy, ...idle]) client.end();
  });

  test('row 103: while everybody is busy a new one is dropped, none of the busy', async () => {
    const { port, world, get } = await serve({ limits: { connections: 2 } });
    world.upstream = 'hangs';
    const busy = [await rawClient({ port }), await rawClient({ port })];
    for (const client of busy) client.send(get());
    await expect.poll(() => world.choices.length).toBe(2);
    const late = await rawClient({ port });
    await late.closed();
    expect(await whys(world)).toContain('too many connections');
    await world.clock.advance(800);
    for (const client of busy) {
      expect((await client.reply()).status).toBe(503);
      client.end();
    }
  });

  test('row 36: nothing comes from the cloud: 503 within the wait', async () => {
    const { port, world, get } = await serve();
    world.upstream = 'hangs';
    const client = await rawClient({ port });
    client.send(get());
    await expect.poll(() => world.choices.length).toBe(1);
    await world.clock.advance(800);
    expect(JSON.parse((await client.reply()).body)).toMatchObject({
      code: 'CredentialsUninitialized',
    });
    client.end();
  });

  test('a client that leaves early breaks nothing', async () => {
    const { port, world, get } = await serve();
    world.upstream = 'hangs';
    const client = await rawClient({ port });
    client.send(get());
    await expect.poll(() => world.choices.length).toBe(1);
    client.end();
    await world.clock.advance(800);
    world.upstream = 'ok';
    expect((await exchange({ port }, get())).status).toBe(200);
  });
});

describe('row 93: floods', () => {
  test('4000 requests on 20 connections are all served', async () => {
    const { port, get } = await serve();
    const clients = await Promise.all(Array.from({ length: 20 }, () => rawClient({ port })));
    await Promise.all(
      clients.map(async (client) => {
        for (let i = 0; i < 200; i += 1) {
          client.send(get());
          expect((await client.reply()).status).toBe(200);
        }
        client.end();
      }),
    );
  });

  test('refused ones are told 429 at last, few are logged, and good clients notice nothing', async () => {
    const { port, world, get } = await serve();
    const bad = get('Origin: https://evil.example\r\n');
    const client = await rawClient({ port });
    for (let i = 0; i < 1000; i += 1) {
      client.send(bad);
      expect((await client.reply()).status).toBe(403);
    }
    client.send(bad);
    expect(await client.reply()).toMatchObject({
      status: 429,
      headers: { connection: 'close', 'retry-after': '2' },
    });
    await client.closed();
    await settle();
    expect(world.events.filter(({ type }) => type === 'refused')).toHaveLength(20);
    expect((await exchange({ port }, get())).status).toBe(200);
  });

  test('row 19: a missing secret is 403 however often: no lockout, and no 429', async () => {
    const { port, host, get } = await serve();
    const client = await rawClient({ port });
    for (let i = 0; i < 1500; i += 1) {
      client.send(`GET /v1/credentials HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect((await client.reply()).status).toBe(403);
    }
    client.end();
    expect((await exchange({ port }, get())).status).toBe(200);
  });
});
