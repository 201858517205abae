import { onTestFinished } from 'vitest';

import type { Peer } from '../../src/core/peer.ts';
import type { Endpoint } from '../../src/endpoints/contract.ts';
import type { ListenTarget } from '../../src/server/address.ts';
import { createApp } from '../../src/server/app.ts';
import { type ListenerLimits, type OpenListener, openListener } from '../../src/server/listener.ts';
import type { World } from './endpoint-world.ts';

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
