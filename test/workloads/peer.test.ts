import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

import { describe, expect, onTestFinished, test } from 'vitest';

import type { SocketEnds } from '../../src/core/peer.ts';
import { createPeerLookup } from '../../src/workloads/peer.ts';

const lookupPeer = createPeerLookup();

const LINUX = process.platform === 'linux';
const ROOT = process.getuid?.() === 0;

/** A server of this process; `accepted` is its next connection. */
async function server(host: string) {
  const listening = createServer({ allowHalfOpen: true }).listen(0, host); // as HTTP servers are
  await once(listening, 'listening');
  onTestFinished(() => void listening.close());
  const address = listening.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const accepted = async (): Promise<Socket> => {
    const socket = await new Promise<Socket>((resolve) => listening.once('connection', resolve));
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    return socket;
  };
  return { port, accepted };
}

function endsOf(socket: Socket): SocketEnds {
  const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = socket;
  return { localAddress, localPort, remoteAddress, remotePort };
}

async function connected(host: string, as = host): Promise<{ ends: SocketEnds; client: Socket }> {
  const { port, accepted } = await server(host);
  const incoming = accepted();
  const client = connect(port, as);
  onTestFinished(() => void client.destroy());
  return { ends: endsOf(await incoming), client };
}

describe.runIf(LINUX)('the kernel’s word', () => {
  const self = { uid: process.getuid?.(), pid: process.pid, executable: process.execPath };

  test.each(['127.0.0.1', '127.0.0.9', '::1'])(
    'a client on %s: user, process and program',
    async (host) => {
      const { ends } = await connected(host);
      expect(await lookupPeer(ends)).toEqual(self);
    },
  );

  test('a client that uses an IPv6 socket for IPv4, as Java does', async () => {
    const { ends } = await connected('127.0.0.1', '::ffff:127.0.0.1');
    expect(ends.remoteAddress).toBe('127.0.0.1');
    expect(await lookupPeer(ends)).toEqual(self);
  });

  test('a server that uses an IPv6 socket for IPv4', async () => {
    const { ends } = await connected('::ffff:127.0.0.1', '127.0.0.1');
    expect(ends.remoteAddress).toBe('::ffff:127.0.0.1');
    expect(await lookupPeer(ends)).toEqual(self);
  });

  test('a client that has sent its last word but still listens', async () => {
    const { port, accepted } = await server('127.0.0.1');
    const incoming = accepted();
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    onTestFinished(() => void client.destroy());
    client.end('request');
    const socket = await incoming;
    const ends = endsOf(socket);
    await once(socket.resume(), 'end');
    expect(await lookupPeer(ends)).toEqual(self);
  });

  test('a client that has gone is nobody, not root', async () => {
    const { ends, client } = await connected('127.0.0.1');
    const closed = once(client, 'close');
    client.destroy();
    await closed;
    expect(await lookupPeer(ends)).toBeUndefined();
  });

  test('a connection that never was', async () => {
    const { ends } = await connected('127.0.0.1');
    expect(await lookupPeer({ ...ends, remotePort: ends.localPort })).toBeUndefined();
    expect(await lookupPeer({ ...ends, remoteAddress: '127.0.0.77' })).toBeUndefined();
  });

  test.runIf(ROOT)('another user’s process', async () => {
    const { port, accepted } = await server('127.0.0.1');
    const incoming = accepted();
    const child = spawn('/bin/bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${port}; read -r _ <&3`], {
      uid: 65_534,
      gid: 65_534,
      env: {},
      cwd: '/',
      stdio: 'ignore',
    });
    onTestFinished(() => void child.kill());
    const ends = endsOf(await incoming);
    expect(await lookupPeer(ends)).toMatchObject({ uid: 65_534, pid: child.pid });
  });
});

test.runIf(!LINUX)('elsewhere nobody is known', async () => {
  const { ends } = await connected('127.0.0.1');
  expect(await lookupPeer(ends)).toBeUndefined();
});
