import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Connection, EndpointEnv, EndpointRoutes } from '../endpoints/contract.ts';

export type Serve = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  connection: Connection,
) => void;

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown;

/**
 * Answers by an endpoint's Hono app. Both are loaded with the first request that needs them: the
 * adapter brings Node's fetch and HTTP/2 along, 30 ms and 20 MiB that the requests around Hono never need.
 */
export function createHonoServe(
  app: EndpointRoutes['app'],
  answered: (status: number) => void,
): Serve {
  const bindings = new WeakMap<object, EndpointEnv['Bindings']>();
  let loading: Promise<Listener> | undefined;
  let listener: Listener | undefined;

  const told = (response: Response): Response => {
    answered(response.status);
    return response;
  };
  const load = async (): Promise<Listener> => {
    const [{ getRequestListener }, hono] = await Promise.all([import('@hono/node-server'), app()]);
    listener = getRequestListener((request, raw) => {
      const response = hono.fetch(request, bindings.get(raw.incoming));
      return response instanceof Promise ? response.then(told) : told(response);
    });
    return listener;
  };

  return (incoming, outgoing, connection) => {
    bindings.set(incoming, { connection });
    if (listener !== undefined) {
      void listener(incoming, outgoing);
      return;
    }
    loading ??= load();
    loading.then((serve) => serve(incoming, outgoing)).catch(() => outgoing.destroy());
  };
}
