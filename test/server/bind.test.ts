import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, onTestFinished, test } from 'vitest';

import { ENDPOINTS } from '../../src/endpoints/index.ts';
import { endpointWorld, SECRET } from '../support/endpoint-world.ts';
import { exchange, type Place, rawClient } from '../support/raw-http.ts';
import { served } from '../support/served.ts';

const ECS = [ENDPOINTS.ecs];

const request = (host: string): string =>
  `GET /v1/credentials HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${SECRET}\r\n\r\n`;

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'listener-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

/** Something else that listens. */
async function occupied(listen: (server: Server) => Server): Promise<Server> {
  const server = listen(createServer());
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server;
}

const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
};

describe('addresses', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.9', '127.0.0.9'],
    ['::1', '[::1]'],
  ])('%s is served under its own name', async (address, name) => {
    const target = { kind: 'tcp', address, port: 0 } as const;
    const { listener, port } = await served(endpointWorld(), ECS, { target });
    expect(listener.address).toBe(address);
    const place: Place = { host: address, port };
    expect((await exchange(place, request(`${name}:${port}`))).status).toBe(200);
    expect((await exchange(place, request(name))).status).toBe(200);
    expect((await exchange(place, request(`127.1.1.1:${port}`))).status).toBe(403);
  });

  test('an address that is taken', async () => {
    const other = await occupied((server) => server.listen(0, '127.0.0.1'));
    const target = { kind: 'tcp', address: '127.0.0.1', port: portOf(other) } as const;
    await expect(served(endpointWorld(), ECS, { target })).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
      subject: `127.0.0.1 port ${portOf(other)}`,
      hint: expect.stringContaining('another address'),
    });
  });

  test('an address no interface has', async () => {
    const target = { kind: 'tcp', address: 'fd00:ec2::23', port: 0 } as const;
    await expect(served(endpointWorld(), ECS, { target })).rejects.toMatchObject({
      code: 'ADDRESS_UNAVAILABLE',
      hint: expect.stringContaining('ip addr add'),
    });
  });

  test('row 109: an address of the network is refused', async () => {
    const target = { kind: 'tcp', address: '0.0.0.0', port: 0 } as const;
    await expect(served(endpointWorld(), ECS, { target })).rejects.toMatchObject({
      code: 'ADDRESS_REFUSED',
    });
  });
});

describe('inherited sockets', () => {
  const CHILD = fileURLToPath(new URL('inherited-child.ts', import.meta.url));

  /** Hands a listening socket to a program as file descriptor 3 and lets go of it. */
  async function handOver(host: string): Promise<{ told: unknown; port: number }> {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    const port = portOf(server);
    const handle: unknown = Reflect.get(server, '_handle');
    const fd: unknown = Reflect.get(Object(handle), 'fd');
    if (typeof fd !== 'number') throw new Error('no descriptor');
    const child = spawn(process.execPath, [CHILD], {
      stdio: ['ignore', 'pipe', 'inherit', fd],
      env: {},
    });
    onTestFinished(() => void child.kill());
    server.close();
    const [line] = await once(child.stdout ?? child, 'data');
    return { told: JSON.parse(String(line)), port };
  }

  test('one on loopback is served', async () => {
    const { told, port } = await handOver('127.0.0.1');
    expect(told).toEqual({ address: '127.0.0.1', port });
    const { status, body } = await exchange({ port }, request('127.0.0.1'));
    expect({ status, body }).toEqual({ status: 200, body: 'inherited' });
  });

  test('row 109: one that listens on anything else is refused, and closed', async () => {
    const { told, port } = await handOver('::ffff:127.0.0.1');
    expect(told).toMatchObject({ code: 'ADDRESS_REFUSED', subject: '::ffff:127.0.0.1' });
    await expect(rawClient({ port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('none under this number', async () => {
    const target = { kind: 'fd', fd: 65_000 } as const;
    await expect(served(endpointWorld(), ECS, { target })).rejects.toMatchObject({
      code: 'ADDRESS_UNAVAILABLE',
    });
  });
});

describe('unix sockets', () => {
  test('row 111: mode 0600 from the first moment, served, and gone afterwards', async () => {
    const path = join(await folder(), 'http');
    const mask = process.umask();
    const world = endpointWorld();
    const { listener } = await served(world, ECS, { target: { kind: 'unix', path } });
    expect(process.umask()).toBe(mask);
    expect(listener).toMatchObject({ address: path, port: 0 });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await exchange({ path }, request('localhost'))).status).toBe(200);
    expect((await exchange({ path }, request('evil.example'))).status).toBe(403);
    const closed = listener.close(0);
    await world.clock.advance(0);
    await closed;
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('one that a killed daemon left is replaced', async () => {
    const path = join(await folder(), 'http');
    const dead = createServer().listen(path);
    await once(dead, 'listening');
    // Closing would remove the file: what kill -9 leaves is a file that nobody answers on.
    const kept = join(path, '..', 'kept');
    await rename(path, kept);
    dead.close();
    await once(dead, 'close');
    await rename(kept, path);
    await served(endpointWorld(), ECS, { target: { kind: 'unix', path } });
    expect((await exchange({ path }, request('localhost'))).status).toBe(200);
  });

  test('one that somebody answers on is not', async () => {
    const path = join(await folder(), 'http');
    await occupied((server) => server.listen(path));
    await expect(
      served(endpointWorld(), ECS, { target: { kind: 'unix', path } }),
    ).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
    expect((await lstat(path)).isSocket()).toBe(true);
  });

  test('a file that is no socket is not', async () => {
    const path = join(await folder(), 'http');
    await writeFile(path, 'precious');
    await expect(
      served(endpointWorld(), ECS, { target: { kind: 'unix', path } }),
    ).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
    expect((await lstat(path)).isFile()).toBe(true);
  });

  test('no folder for it', async () => {
    const path = join(await folder(), 'absent', 'http');
    await expect(
      served(endpointWorld(), ECS, { target: { kind: 'unix', path } }),
    ).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' });
  });
});

test('two protocols that claim one path cannot share a listener, and the port is free again', async () => {
  const free = await occupied((server) => server.listen(0, '127.0.0.1'));
  const port = portOf(free);
  free.close();
  await once(free, 'close');
  const target = { kind: 'tcp', address: '127.0.0.1', port } as const;
  await expect(
    served(endpointWorld(), [ENDPOINTS.ecs, ENDPOINTS['pod-identity']], { target }),
  ).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(rawClient({ port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
