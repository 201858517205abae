import { BlockList, isIP } from 'node:net';

/** Where plain HTTP stays on the machine or its link. */
const NEAR = new BlockList();
NEAR.addSubnet('127.0.0.0', 8, 'ipv4');
NEAR.addSubnet('169.254.0.0', 16, 'ipv4');
NEAR.addAddress('::1', 'ipv6');
NEAR.addSubnet('fe80::', 10, 'ipv6');
const NEAR_NAMES = new Set(['localhost', 'metadata.google.internal']);

/** May secrets go to this URL: by TLS, or without it no further than the machine's own link? */
export function keepsSecrets({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isNear(hostname));
}

function isNear(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  if (family === 0) return NEAR_NAMES.has(host);
  return NEAR.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** A URL that brings a user and a password would keep them in a file that is shared. */
export function namesNobody(text: string): boolean {
  const { username, password } = new URL(text);
  return username === '' && password === '';
}
