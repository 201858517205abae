import { describe, expect, test } from 'vitest';

import { SECRET } from '../support/endpoint-world.ts';
import { settle } from '../support/fake-clock.ts';
import { exchange, rawClient } from '../support/raw-http.ts';
import { servedAws, told } from '../support/served.ts';

describe('one connection', () => {
  test('row 14: HTTP/1.0 is answered and closed', async () => {
    const { port, host } = await servedAws();
    const client = await rawClient({ port });
    client.send(
      `GET /v1/credentials HTTP/1.0\r\nHost: ${host}\r\nAuthorization: ${SECRET}\r\n\r\n`,
    );
    expect(await client.reply()).toMatchObject({ status: 200, headers: { connection: 'close' } });
    await client.closed();
  });

  test('row 15: kept longer than any client keeps it (Go: 90 s), and used again', async () => {
    const { port, get } = await servedAws();
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
    const { port, get } = await servedAws();
    const client = await rawClient({ port });
    client.send(get() + get('', '/nothing') + get());
    const statuses = [await client.reply(), await client.reply(), await client.reply()];
    expect(statuses.map(({ status }) => status)).toEqual([200, 404, 200]);
    client.end();
  });

  test('row 107: Expect: 100-continue, then the answer; any other expectation is 417', async () => {
    const { port, host, get } = await servedAws();
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

describe('what does not end', () => {
  test('row 102: a header that dribbles, and a client that says nothing, are cut off', async () => {
    const { port, world, get } = await servedAws({ limits: { headerMs: 150 } });
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
    expect(await told(world)).toContain('ERR_HTTP_REQUEST_TIMEOUT');
    expect((await exchange({ port }, get())).status).toBe(200);
  });

  test('row 103: idle connections push each other out, the oldest first; who asks is served', async () => {
    const { port, get } = await servedAws({ limits: { connections: 20 } });
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
    const { port, world, get } = await servedAws({ limits: { connections: 2 } });
    world.upstream = 'hangs';
    const busy = [await rawClient({ port }), await rawClient({ port })];
    for (const client of busy) client.send(get());
    await expect.poll(() => world.choices.length).toBe(2);
    const late = await rawClient({ port });
    await late.closed();
    expect(await told(world)).toContain('too many connections');
    await world.clock.advance(800);
    for (const client of busy) {
      expect((await client.reply()).status).toBe(503);
      client.end();
    }
  });

  test('row 36: nothing comes from the cloud: 503 within the wait', async () => {
    const { port, world, get } = await servedAws();
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
    const { port, world, get } = await servedAws();
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
    const { port, get } = await servedAws();
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
    const { port, world, get } = await servedAws();
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
    const { port, host, get } = await servedAws();
    const client = await rawClient({ port });
    for (let i = 0; i < 1500; i += 1) {
      client.send(`GET /v1/credentials HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect((await client.reply()).status).toBe(403);
    }
    client.end();
    expect((await exchange({ port }, get())).status).toBe(200);
  });
});
