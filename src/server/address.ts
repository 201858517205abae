import { isIP, SocketAddress } from 'node:net';

import { ValetkeyError } from '../core/errors.ts';

/** Where a listener listens. */
export type ListenTarget =
  | { readonly kind: 'tcp'; readonly address: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  /** A listening socket inherited from systemd or launchd. */
  | { readonly kind: 'fd'; readonly fd: number };

/** Where it listens in the end. `port` is 0 for a unix socket. */
export interface Bound {
  readonly kind: 'tcp' | 'unix';
  /** Literal IP address, or the socket's path. */
  readonly address: string;
  readonly port: number;
}

/** The addresses metadata services have in the clouds. None of them leaves the machine's own link. */
const LINK_LOCAL = new Set([
  '169.254.169.254', // EC2, GCE, Azure
  '169.254.170.2', // ECS
  '169.254.170.23', // EKS Pod Identity
  'fd00:ec2::254',
  'fd00:ec2::23',
]);

const TEXT = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:[\]]+)):(?<port>\d{1,5})$/;

/** `127.0.0.1:9911`, `[::1]:9911`, `localhost:9911`, `unix:/path`, `fd:3`. Resolves no names. */
export function parseListenTarget(text: string): ListenTarget {
  if (text.startsWith('unix:/')) return { kind: 'unix', path: text.slice('unix:'.length) };
  if (/^fd:\d{1,5}$/.test(text)) return { kind: 'fd', fd: Number(text.slice('fd:'.length)) };
  const parts = TEXT.exec(text)?.groups;
  const port = Number(parts?.['port']);
  if (parts === undefined || port > 65_535) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: text,
      hint: 'write 127.0.0.1:PORT, [::1]:PORT, unix:/path or fd:NUMBER',
    });
  }
  return { kind: 'tcp', address: permittedAddress(parts['v6'] ?? parts['host'] ?? ''), port };
}

/**
 * The address in its one canonical spelling, or `ADDRESS_REFUSED`: whatever else it is, a machine
 * next door could reach it (invariant 7).
 */
export function permittedAddress(address: string): string {
  const literal = address === 'localhost' ? '127.0.0.1' : address;
  const canonical = canonicalAddress(literal);
  if (canonical !== undefined && (isLoopback(canonical) || LINK_LOCAL.has(canonical))) {
    return canonical;
  }
  throw new ValetkeyError('ADDRESS_REFUSED', {
    subject: address,
    hint: `use 127.0.0.1, ::1 or one of ${[...LINK_LOCAL].join(', ')}`,
  });
}

function canonicalAddress(address: string): string | undefined {
  const family = address.includes('%') ? 0 : isIP(address); // no zones
  if (family === 0) return undefined;
  return new SocketAddress({ address, family: family === 4 ? 'ipv4' : 'ipv6' }).address;
}

function isLoopback(address: string): boolean {
  return address === '::1' || (address.startsWith('127.') && isIP(address) === 4);
}

/**
 * May a connection between these two be served? On loopback the other end is loopback; on a
 * link-local address it is that very address, which is what the kernel gives a process of this
 * machine (never 127.0.0.1). A unix socket has no addresses: its file's mode decides.
 */
export function peerAllowed(local: string | undefined, remote: string | undefined): boolean {
  if (local === undefined || remote === undefined) return false;
  if (local === '::1') return remote === '::1';
  if (isLoopback(local)) return isLoopback(remote) && remote !== '::1';
  return local === remote;
}
