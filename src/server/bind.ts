import { once } from 'node:events';
import { lstat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';

import { ValetkeyError } from '../core/errors.ts';
import { type Bound, type ListenTarget, permittedAddress } from './address.ts';

/** Connections the kernel keeps waiting. */
const BACKLOG = 511;

/**
 * Makes `server` listen. Throws `ADDRESS_REFUSED` for anything another machine could reach, also for
 * an inherited socket, `ADDRESS_IN_USE`, and `ADDRESS_UNAVAILABLE` with what to do about it.
 */
export async function bind(server: Server, target: ListenTarget): Promise<Bound> {
  switch (target.kind) {
    case 'tcp': {
      const address = permittedAddress(target.address);
      await listening(server, `${address} port ${target.port}`, () =>
        server.listen({ host: address, port: target.port, ipv6Only: true, backlog: BACKLOG }),
      );
      break;
    }
    case 'unix':
      await bindPath(server, target.path);
      break;
    case 'fd':
      await listening(server, `inherited socket ${target.fd}`, () =>
        server.listen({ fd: target.fd, backlog: BACKLOG }),
      );
      break;
  }
  return boundOf(server);
}

function boundOf(server: Server): Bound {
  const address = server.address();
  if (typeof address === 'string') return { kind: 'unix', address, port: 0 };
  try {
    return {
      kind: 'tcp',
      address: permittedAddress(address?.address ?? 'unknown'),
      port: address?.port ?? 0,
    };
  } catch (error) {
    // Synchronously after the socket was opened: nobody has been let in yet.
    server.close();
    throw error;
  }
}

/** A socket file left by a daemon that was killed is replaced; one that somebody answers on is not. */
async function bindPath(server: Server, path: string): Promise<void> {
  const listen = (): void => {
    // Set before the file exists: a mode set afterwards would come too late.
    const mask = process.umask(0o177);
    try {
      server.listen({ path, backlog: BACKLOG });
    } finally {
      process.umask(mask);
    }
  };
  try {
    await listening(server, path, listen);
  } catch (error) {
    if (!(error instanceof ValetkeyError) || error.code !== 'ADDRESS_IN_USE') throw error;
    if (!(await isAbandoned(path))) throw error;
    await unlink(path);
    await listening(server, path, listen);
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  if (!(await lstat(path)).isSocket()) return false;
  const probe = connect(path);
  try {
    await once(probe, 'connect');
    return false;
  } catch (error) {
    return codeOf(error) === 'ECONNREFUSED';
  } finally {
    probe.destroy();
  }
}

async function listening(server: Server, subject: string, listen: () => void): Promise<void> {
  const ready = once(server, 'listening');
  listen();
  try {
    await ready;
  } catch (error) {
    throw bindError(error, subject);
  }
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES:
    'ports below 1024 need CAP_NET_BIND_SERVICE (the service unit grants it) or the sysctl net.ipv4.ip_unprivileged_port_start; a socket path needs a writable folder',
  EADDRNOTAVAIL:
    'no interface has it; add it to the loopback interface first (ip addr add ADDRESS dev lo)',
  ENOENT: 'make the folder of the socket first',
  EBADF: 'nothing was inherited under this number: is the socket unit in use?',
  EINVAL: 'what was inherited is not a listening socket',
  ENOTSOCK: 'what was inherited is not a socket',
};

function bindError(error: unknown, subject: string): ValetkeyError {
  const code = codeOf(error);
  if (code === 'EADDRINUSE') {
    return new ValetkeyError('ADDRESS_IN_USE', {
      subject,
      hint: 'stop what listens there, or choose another address under `listeners`',
      cause: error,
    });
  }
  const hint = HINTS[code];
  return new ValetkeyError('ADDRESS_UNAVAILABLE', {
    subject,
    reason: code,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
