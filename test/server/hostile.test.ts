import { describe, expect, test } from 'vitest';

import { exchange, rawClient } from '../support/raw-http.ts';
import { servedAws, told } from '../support/served.ts';

describe('what the parser refuses', () => {
  test.each([
    { row: 95, name: 'no Host', bytes: 'GET /v1/credentials HTTP/1.1\r\n\r\n', status: 400 },
    {
      row: 96,
      name: 'absolute target',
      bytes: 'GET http://127.0.0.1/v1/credentials HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
      status: 400,
    },
    {
      row: 99,
      name: 'CONNECT',
      bytes: 'CONNECT evil.example:443 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
      status: 405,
    },
    { row: 99, name: 'TRACE', bytes: 'TRACE / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', status: 405 },
    {
      row: 100,
      name: 'chunked and a length',
      bytes:
        'PUT /latest/api/token HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
      status: 400,
    },
    {
      row: 100,
      name: 'two lengths',
      bytes: 'PUT / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
      status: 400,
    },
    {
      row: 101,
      name: 'header block over 16 KB',
      bytes: `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`,
      status: 431,
    },
    {
      row: 101,
      name: 'header block of 1 MB',
      bytes: `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(1_000_000)}\r\n\r\n`,
      status: 431,
    },
    {
      row: 101,
      name: 'target of 20 KB',
      bytes: `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
      status: 431,
    },
    {
      row: 105,
      name: 'NUL in a header',
      bytes: 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\0b\r\n\r\n',
      status: 400,
    },
    {
      row: 105,
      name: 'control byte in the path',
      bytes: 'GET /a\u0001b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
      status: 400,
    },
    {
      row: 105,
      name: 'bare CR in a header',
      bytes: 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\rb\r\n\r\n',
      status: 400,
    },
    {
      row: 105,
      name: 'a folded header',
      bytes: 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\r\n b\r\n\r\n',
      status: 400,
    },
    {
      row: 105,
      name: 'a space before the colon',
      bytes: 'GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n',
      status: 400,
    },
    {
      row: 98,
      name: 'HTTP/2 by prior knowledge',
      bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      status: 400,
    },
    {
      row: 98,
      name: 'TLS',
      bytes: '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
      status: 400,
    },
  ])('row $row: $name', async ({ bytes, status }) => {
    const { port, world, get } = await servedAws();
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
    expect(await told(world)).toMatch(/./);
    expect((await exchange({ port }, get())).status).toBe(200);
  });

  test('row 101: a client that only reads when it has sent all still gets the refusal', async () => {
    const { port } = await servedAws();
    const client = await rawClient({ port });
    client.socket.pause();
    const head = `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(10_000_000)}\r\n\r\n`;
    await new Promise((resolve) => client.socket.write(head, resolve));
    client.socket.resume();
    expect((await client.reply()).status).toBe(431);
    await client.closed();
  });

  test('more headers than Node keeps do not hide one from the guard', async () => {
    const { port, get } = await servedAws();
    const many = 'a:\r\n'.repeat(2_500);
    expect((await exchange({ port }, get(`${many}Origin: https://evil.example\r\n`))).status).toBe(
      403,
    );
  });

  test('row 98: Upgrade is not heard: no 101, the request is answered', async () => {
    const { port, get } = await servedAws();
    // Java's own client asks so on every first request without TLS.
    const upgrade =
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n';
    expect((await exchange({ port }, get(upgrade))).status).toBe(200);
    // WebSockets are a browser's.
    const socket =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n';
    expect((await exchange({ port }, get(socket))).status).toBe(403);
  });
});

describe('row 51: bodies', () => {
  const put = (host: string, head: string): string =>
    `PUT /latest/api/token HTTP/1.1\r\nHost: ${host}\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n${head}\r\n`;

  test('1 MB announced and sent: the refusal arrives whole, the connection is closed', async () => {
    const { port, host } = await servedAws();
    const client = await rawClient({ port });
    client.send(put(host, 'Content-Length: 1000000\r\n') + 'x'.repeat(1_000_000));
    const reply = await client.reply();
    expect(reply).toMatchObject({ status: 413, headers: { connection: 'close' } });
    await client.closed();
  });

  test('chunks without end are not kept: answered, then cut off', async () => {
    const { port, host } = await servedAws();
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
    const { port, get } = await servedAws();
    const client = await rawClient({ port });
    const hidden = get('', '/nothing');
    client.send(get(`Content-Length: ${hidden.length}\r\n`) + hidden + get());
    expect([(await client.reply()).status, (await client.reply()).status]).toEqual([200, 200]);
    client.end();
  });
});
