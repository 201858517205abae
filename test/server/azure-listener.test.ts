import { readFile, stat } from 'node:fs/promises';

import { describe, expect, onTestFinished, test } from 'vitest';

import { ENDPOINTS } from '../../src/endpoints/index.ts';
import { peerAllowed, permittedAddress } from '../../src/server/address.ts';
import { TRANSPORTS } from '../support/ask.ts';
import { AZURE_IDENTITIES } from '../support/azure-identities.ts';
import { azureStack } from '../support/azure-stack.ts';
import { endpointWorld, SECRET } from '../support/endpoint-world.ts';
import { fieldsOfJson } from '../support/json.ts';
import { exchange, rawClient } from '../support/raw-http.ts';
import { served, type ServeOptions, told } from '../support/served.ts';

const T = '/metadata/identity/oauth2/token';
const RESOURCE = 'resource=https://management.azure.com/';
const TOKEN = `${T}?api-version=2018-02-01&${RESOURCE}`;
const AZURE = [ENDPOINTS['azure-imds'], ENDPOINTS['azure-app-service']];
const SHARED = [
  ENDPOINTS.ecs,
  ENDPOINTS.imds,
  ENDPOINTS['gce-metadata'],
  ...AZURE,
  ENDPOINTS['azure-cloud-shell'],
];

const begin = async (
  endpoints: Parameters<typeof served>[1] = AZURE,
  options: ServeOptions = {},
) => {
  const world = endpointWorld();
  const place = await served(world, endpoints, options);
  const request = (target: string, head = '', method = 'GET'): string =>
    `${method} ${target} HTTP/1.1\r\nHost: ${place.host}\r\nMetadata: true\r\n${head}\r\n`;
  return { world, ...place, request };
};

describe('what the parser refuses', () => {
  test.each([
    {
      row: 'row 30',
      name: 'HTTP/1.0 without Host',
      bytes: `GET ${TOKEN} HTTP/1.0\r\nMetadata: true\r\n\r\n`,
      status: 400,
    },
    {
      row: 'row 51',
      name: 'a target with our own host',
      bytes: `GET http://169.254.169.254${TOKEN} HTTP/1.1\r\nHost: 169.254.169.254\r\nMetadata: true\r\n\r\n`,
      status: 400,
    },
    {
      row: 'row 52',
      name: 'a target with another host',
      bytes: `GET http://evil.example${TOKEN} HTTP/1.1\r\nHost: 169.254.169.254\r\nMetadata: true\r\n\r\n`,
      status: 400,
    },
    {
      row: 'row 52',
      name: 'CONNECT',
      bytes: 'CONNECT evil.example:443 HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n',
      status: 405,
    },
    {
      row: 'row 57',
      name: 'a control byte in the path',
      bytes: `GET ${T}\u0001?${RESOURCE} HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n`,
      status: 400,
    },
    {
      row: 'row 62',
      name: 'a query of 64 KiB',
      bytes: `GET ${TOKEN}&x=${'x'.repeat(65_536)} HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n`,
      status: 431,
    },
    {
      row: 'row 62',
      name: 'headers of 64 KiB',
      bytes: `GET ${TOKEN} HTTP/1.1\r\nHost: 169.254.169.254\r\nX: ${'x'.repeat(65_536)}\r\n\r\n`,
      status: 431,
    },
    {
      row: 'row 65',
      name: 'two lengths of a body',
      bytes: `GET ${TOKEN} HTTP/1.1\r\nHost: 169.254.169.254\r\nMetadata: true\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      status: 400,
    },
    {
      row: 'row 70',
      name: 'the start of TLS',
      bytes: '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
      status: 400,
    },
    {
      row: 'row 121',
      name: 'a line end inside a header',
      bytes: `GET ${TOKEN} HTTP/1.1\r\nHost: 169.254.169.254\r\nMetadata: true\r\nAuthorization: Basic key\n\r\n\r\n`,
      status: 400,
    },
  ])('$row: $name: $status, and the next is served', async ({ bytes, status, row }) => {
    const { port, request, world } = await begin(
      row === 'row 121' ? [ENDPOINTS['azure-arc']] : AZURE,
    );
    const client = await rawClient({ port });
    client.send(bytes);
    expect((await client.reply()).status).toBe(status);
    await client.closed();
    expect(world.choices).toEqual([]);
    const next = await exchange({ port }, request(TOKEN));
    expect([200, 401]).toContain(next.status);
  });

  test('row 66: a request that comes byte by byte is cut off, and delays nobody', async () => {
    const { port, request } = await begin(AZURE, { limits: { headerMs: 150 } });
    const client = await rawClient({ port });
    const bytes = request(TOKEN);
    let sent = -1;
    const drip = setInterval(() => client.send(bytes.charAt((sent += 1))), 20);
    try {
      expect((await exchange({ port }, request(TOKEN))).status).toBe(200);
      expect((await client.reply()).status).toBe(408);
      await client.closed();
    } finally {
      clearInterval(drip);
    }
  });

  test('row 67: 1000 silent connections: whoever asks is served', async () => {
    const { port, request } = await begin(AZURE, { limits: { connections: 500 } });
    const idle = await Promise.all(Array.from({ length: 1000 }, () => rawClient({ port })));
    expect((await exchange({ port }, request(TOKEN))).status).toBe(200);
    for (const one of idle) one.end();
  });

  test('row 68: Java connects, says nothing and goes: that is nobody’s business', async () => {
    const { port, request, world } = await begin();
    const client = await rawClient({ port });
    client.socket.end();
    await client.closed();
    expect((await exchange({ port }, request(TOKEN))).status).toBe(200);
    expect(await told(world)).toBe('');
  });
});

describe('one connection', () => {
  test('row 28: is used again', async () => {
    const { port, request } = await begin();
    const client = await rawClient({ port });
    for (let i = 0; i < 3; i += 1) {
      client.send(request(TOKEN));
      expect((await client.reply()).status).toBe(200);
    }
    client.end();
  });

  test.each([
    ['a length', (text: string) => `Content-Length: ${text.length}\r\n`, (text: string) => text],
    [
      'chunks',
      () => 'Transfer-Encoding: chunked\r\n',
      (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`,
    ],
  ])('row 64: a body behind GET, with %s, is not the next request', async (_how, head, body) => {
    const { port, request } = await begin();
    const client = await rawClient({ port });
    const hidden = request('/nothing');
    client.send(request(TOKEN, head(hidden)) + body(hidden) + request(TOKEN));
    expect([(await client.reply()).status, (await client.reply()).status]).toEqual([200, 200]);
    client.end();
  });

  test('row 42: the status line has its reason, which old az looks for', async () => {
    const { port, request } = await begin();
    const client = await rawClient({ port });
    const line = new Promise<string>((resolve) =>
      client.socket.once('data', (bytes) => resolve(String(bytes).split('\r\n')[0] ?? '')),
    );
    client.send(request(`${TOKEN}&client_id=x`));
    expect(await line).toBe('HTTP/1.1 400 Bad Request');
    expect((await client.reply()).body).toContain('Identity not found');
    client.end();
  });
});

describe('all protocols on one listener', () => {
  test('row 100: each cloud’s stays its own', async () => {
    const { port, request } = await begin(SHARED);
    const status = async (target: string, head = '', method = 'GET') =>
      (await exchange({ port }, request(target, head, method))).status;
    expect(await status(TOKEN)).toBe(200);
    expect(await status('/METADATA/identity/oauth2/token?x')).toBe(400);
    expect(await status(`/MSI/token/?api-version=2019-08-01&${RESOURCE}`)).toBe(401);
    expect(await status(`/oauth2/token?${RESOURCE}`)).toBe(200);
    expect(await status('/latest/meta-data/')).toBe(401);
    expect(await status('/LATEST/meta-data/')).toBe(404);
    expect(await status('/v1/credentials', `Authorization: ${SECRET}\r\n`)).toBe(200);
    expect(await status('/')).toBe(200); // Google's
    expect(await status('/computeMetadata/v1/project/project-id')).toBe(403);
    expect(await status('/ComputeMetadata/v1/')).toBe(404);
  });

  test('row 49: the names of one are none of the others', async () => {
    const { port } = await begin(SHARED);
    const from = (name: string, target: string): string =>
      `GET ${target} HTTP/1.1\r\nHost: ${name}\r\nMetadata: true\r\nX-IDENTITY-HEADER: ${SECRET}\r\n\r\n`;
    const statuses = async (name: string) =>
      Promise.all(
        [TOKEN, `/msi/token?api-version=2019-08-01&${RESOURCE}`].map(
          async (target) => (await exchange({ port }, from(name, target))).status,
        ),
      );
    expect(await statuses(`localhost:${port}`)).toEqual([200, 200]);
    expect(await statuses('169.254.169.254')).toEqual([200, 403]);
    expect(await statuses('metadata.google.internal')).toEqual([403, 403]);
  });

  test('Arc cannot share a listener with the metadata service', async () => {
    await expect(begin([...AZURE, ENDPOINTS['azure-arc']])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });
});

test('row 69: nobody from another machine: neither bound for them nor let in', () => {
  expect(() => permittedAddress('0.0.0.0')).toThrow(
    expect.objectContaining({ code: 'ADDRESS_REFUSED' }),
  );
  expect(permittedAddress('169.254.169.254')).toBe('169.254.169.254');
  expect(peerAllowed('169.254.169.254', '10.0.0.1')).toBe(false);
});

/** Arc's endpoint with real challenge files; `ask` shows what a file holds. */
const arc = async () => {
  const stack = await azureStack();
  onTestFinished(() => stack.broker.stop());
  onTestFinished(() => stack.challenges.close());
  const send = await TRANSPORTS['over a socket'](stack.world, ENDPOINTS['azure-arc']);
  const target = `${T}?api-version=2020-06-01&${RESOURCE}`;
  const ask = (authorization?: string, more = '') =>
    send(`GET ${target}${more}`, [
      ['Metadata', 'true'],
      ...(authorization === undefined ? [] : [['Authorization', authorization] as const]),
    ]);
  const challenged = async () => {
    const { status, headers } = await ask();
    expect(status).toBe(401);
    const realm = headers['www-authenticate'] ?? '';
    const [scheme, file = '', ...more] = realm.split('=');
    expect([scheme, more]).toEqual(['Basic realm', []]);
    return file;
  };
  return { ...stack, ask, challenged };
};

describe('Arc', () => {
  const answerTo = async (file: string) => `Basic ${await readFile(file, 'utf8')}`;

  test('row 119, row 123: the file is there before the answer, and this user’s alone', async () => {
    const { challenged, directory } = await arc();
    const file = await challenged();
    expect(file.startsWith(`${directory}/`)).toBe(true);
    expect(file).toMatch(/\/[0-9a-f-]{36}\.key$/);
    const { mode, size } = await stat(file);
    expect(mode & 0o777).toBe(0o600);
    expect(size).toBe(43);
  });

  test('row 120, row 122: its content gives one token', async () => {
    const { ask, challenged, calls } = await arc();
    const shown = await answerTo(await challenged());
    const { status, body } = await ask(shown, `&client_id=${AZURE_IDENTITIES[1].clientId}`);
    expect(status).toBe(200);
    expect(fieldsOfJson(body)).toMatchObject({
      client_id: AZURE_IDENTITIES[1].clientId,
      expires_in: '3600',
    });
    expect((await ask(shown)).status).toBe(401);
    expect(calls).toHaveLength(1);
  });

  test('row 121: what is wrong or old is challenged anew', async () => {
    const { ask, challenged, world } = await arc();
    const old = await answerTo(await challenged());
    await world.clock.advance(60_000);
    for (const wrong of [old, `${old}x`, 'Basic x', `Bearer ${old.slice(6)}`, old.slice(6)]) {
      const { status, headers } = await ask(wrong);
      expect(status).toBe(401);
      const file = headers['www-authenticate']?.replace('Basic realm=', '') ?? '';
      expect((await ask(await answerTo(file))).status).toBe(200);
    }
  });

  test('row 127: 20 at once, each with its own', async () => {
    const { ask, challenged } = await arc();
    const files = await Promise.all(Array.from({ length: 20 }, challenged));
    expect(new Set(files).size).toBe(20);
    const replies = await Promise.all(files.map(async (file) => ask(await answerTo(file))));
    expect(replies.map(({ status }) => status)).toEqual(files.map(() => 200));
  });
});
