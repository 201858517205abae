import { onTestFinished } from 'vitest';

import type { Peer } from '../../src/core/peer.ts';
import type { Endpoint } from '../../src/endpoints/contract.ts';
import type { ListenTarget } from '../../src/server/address.ts';
import { createApp } from '../../src/server/app.ts';
import { type ListenerLimits, type OpenListener, openListener } from '../../src/server/listener.ts';
import { ENDPOINTS } from '../../src/endpoints/index.ts';
import { endpointWorld, SECRET, type World } from './endpoint-world.ts';
import { settle } from './fake-clock.ts';

export interface ServedWorld {
  readonly listener: OpenListener;
  readonly port: number;
  /** `127.0.0.1:PORT` */
  readonly host: string;
}

export interface ServeOptions {
  readonly target?: ListenTarget;
  readonly limits?: Partial<ListenerLimits>;
  readonly lookupPeer?: () => Promise<Peer | undefined>;
}

/** A real listener with real sockets around a world; closed when the test ends. */
export async function served(
  world: World,
  endpoints: readonly Endpoint[],
  options: ServeOptions = {},
): Promise<ServedWorld> {
  const listener = await openListener({
    target: options.target ?? { kind: 'tcp', address: '127.0.0.1', port: 0 },
    name: 'test-listener',
    clock: world.clock,
    lookupPeer: options.lookupPeer ?? (() => Promise.resolve(undefined)),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    serve: (bound) =>
      createApp({
        listener: 'test-listener',
        bound,
        endpoints,
        context: world.context,
        events: { emit: world.emit },
      }),
  });
  onTestFinished(async () => {
    const closed = listener.close(0);
    await world.clock.advance(0);
    await closed;
  });
  return { listener, port: listener.port, host: `127.0.0.1:${listener.port}` };
}

/** The AWS endpoints on one listener, and the request for credentials with more headers if wanted. */
export async function servedAws(options: ServeOptions = {}, world: World = endpointWorld()) {
  const place = await served(world, [ENDPOINTS.ecs, ENDPOINTS.imds], options);
  const get = (head = '', path = '/v1/credentials'): string =>
    `GET ${path} HTTP/1.1\r\nHost: ${place.host}\r\nAuthorization: ${SECRET}\r\n${head}\r\n`;
  return { ...place, world, get };
}

/** What the log has been told so far, one line each. */
export async function told(world: World): Promise<string> {
  await settle();
  return world.events.map((event) => (event.type === 'refused' ? event.why : '')).join('\n');
}
