import { Socket } from 'node:net';

/*
 * Set up before every unit test: a connection to anywhere but this machine fails the test that made
 * it, whichever library made it.
 */

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
const original = Socket.prototype.connect;

Socket.prototype.connect = function connect(this: Socket, ...args: unknown[]): Socket {
  const [first] = args;
  const [options] = Array.isArray(first) ? (first as unknown[]) : [first];
  const target = options as { host?: string; path?: string | null } | number | string | null;
  const host = typeof target === 'object' ? target?.host : undefined;
  if (host !== undefined && !LOOPBACK.test(host)) {
    throw new Error(`a test tried to reach ${host}`);
  }
  return Reflect.apply(original, this, args) as Socket;
} as typeof original;
