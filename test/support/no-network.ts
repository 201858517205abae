import { Socket } from 'node:net';

/*
 * Set up before every unit test: a connection to anywhere but this machine fails the test that made
 * it, whichever library made it.
 */

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
const original = Socket.prototype.connect;

Socket.prototype.connect = function connect(this: Socket, ...args: unknown[]): Socket {
  const [target] = args.flat(); // Node itself passes normalised arguments as one array
  const host =
    typeof target === 'object' && target !== null ? Reflect.get(target, 'host') : undefined;
  if (typeof host === 'string' && !LOOPBACK.test(host)) {
    throw new Error(`a test tried to reach ${host}`);
  }
  return Reflect.apply(original, this, args);
};
