import type { Clock } from '../core/clock.ts';
import type { Events } from '../core/events.ts';
import type { Endpoint, EndpointContext } from '../endpoints/contract.ts';
import type { ListenTarget } from './address.ts';
import { createApp } from './app.ts';
import type { LookupPeer } from './connections.ts';
import { type ListenerLimits, type OpenListener, openListener } from './listener.ts';

export interface ServeOptions {
  readonly target: ListenTarget;
  /** The listener's own name in the configuration. */
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly context: Omit<EndpointContext, 'refused'>;
  readonly events: Pick<Events, 'emit'>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly lookupPeer: LookupPeer;
  readonly limits?: Partial<ListenerLimits>;
}

/** A listener with its guard and its protocols. Throws what `openListener` and `createApp` throw. */
export function serveEndpoints(options: ServeOptions): Promise<OpenListener> {
  const { target, name, endpoints, context, events, clock, lookupPeer, limits } = options;
  return openListener({
    target,
    name,
    clock,
    lookupPeer,
    ...(limits === undefined ? {} : { limits }),
    serve: (bound) => createApp({ listener: name, bound, endpoints, context, events }),
  });
}
