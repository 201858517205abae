import type { IncomingMessage, ServerResponse } from 'node:http';

import { ValetkeyError } from '../core/errors.ts';
import type { Event, Events } from '../core/events.ts';
import type { Answer, Connection, Endpoint, EndpointContext } from '../endpoints/contract.ts';
import { isUnder, normalPath } from '../endpoints/path.ts';
import type { Bound } from './address.ts';
import { createGuard, hostsOf, type Refusal } from './guard.ts';
import { createHonoServe, type Serve } from './hono-serve.ts';
import type { Handler } from './listener.ts';
import { createRefusalLimit } from './refusal-limit.ts';
import { NOT_FOUND, plainRefusal, send } from './refusals.ts';
import { createReport } from './report.ts';

export interface AppOptions {
  /** The listener's own name in the configuration. */
  readonly listener: string;
  readonly bound: Bound;
  readonly endpoints: readonly Endpoint[];
  /** `refused` is added here: the listener and the endpoint are known here. */
  readonly context: Omit<EndpointContext, 'refused'>;
  readonly events: Pick<Events, 'emit'>;
}

export interface App {
  readonly handle: Handler;
  readonly refused: (connection: Connection | undefined, why: string, status: number) => void;
}

/**
 * One listener's protocols behind the guard: the path decides which one answers. Two that claim the
 * same path cannot share a listener (`CONFIG_INVALID`).
 */
export function createApp({ listener, bound, endpoints, context, events }: AppOptions): App {
  const limit = createRefusalLimit(() => context.monotonic());
  const report = createReport(listener, limit, () => context.now(), events);
  const names = endpoints.flatMap(({ hosts }) => hosts);
  const guard = createGuard(hostsOf(bound, names));

  const routes = routesOf(endpoints, (endpoint) =>
    serveEndpoint(
      endpoint,
      {
        ...context,
        refused: (connection, why, status) => report(connection, endpoint.kind, why, status),
      },
      events,
    ),
  );

  const refuse = (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    connection: Connection,
    { status, reason, why }: Refusal,
  ): void => {
    const endpoint = routes(incoming.url ?? '')?.endpoint;
    const answer = limit.answer()
      ? (endpoint?.refuse(status, reason) ?? plainRefusal(status))
      : (endpoint?.refuse(429, 'too-many') ?? plainRefusal(429));
    report(connection, endpoint?.kind, why, answer.status);
    events.emit({ type: 'answered', endpoint: endpoint?.kind ?? 'none', status: answer.status });
    send(incoming, outgoing, answer);
  };

  // Most requests of a listener are for one target again and again.
  let lastTarget: string | undefined;
  let lastRoute: Route | undefined;
  const routeOf = (target: string): Route | undefined => {
    if (target !== lastTarget) {
      lastRoute = routes(target);
      lastTarget = target;
    }
    return lastRoute;
  };

  return {
    handle(incoming, outgoing, connection) {
      const refusal = guard(incoming);
      if (refusal !== undefined) {
        refuse(incoming, outgoing, connection, refusal);
        return;
      }
      const route = routeOf(incoming.url ?? '');
      if (route === undefined) {
        events.emit({ type: 'answered', endpoint: 'none', status: NOT_FOUND.status });
        send(incoming, outgoing, NOT_FOUND);
        return;
      }
      route.serve(incoming, outgoing, connection);
    },
    refused: (connection, why, status) => report(connection, undefined, why, status),
  };
}

interface Route {
  readonly endpoint: Endpoint;
  readonly prefix: string;
  readonly serve: Serve;
}

/** Which endpoint a target belongs to. Prefixes are looked up by their first segment. */
function routesOf(
  endpoints: readonly Endpoint[],
  serve: (endpoint: Endpoint) => Serve,
): (target: string) => Route | undefined {
  const bySegment = new Map<string, Route[]>();
  for (const endpoint of endpoints) {
    const served = serve(endpoint);
    for (const prefix of endpoint.paths) {
      const siblings = bySegment.get(firstSegment(prefix)) ?? [];
      const rival = siblings.find((other) => other.prefix === prefix);
      if (rival !== undefined) {
        throw new ValetkeyError('CONFIG_INVALID', {
          subject: 'listeners',
          reason: `${endpoint.kind} and ${rival.endpoint.kind} both answer ${prefix}`,
          hint: 'give each a listener of its own',
        });
      }
      bySegment.set(
        firstSegment(prefix),
        [...siblings, { endpoint, prefix, serve: served }].sort(
          (a, b) => b.prefix.length - a.prefix.length,
        ),
      );
    }
  }
  return (target) => {
    const path = normalPath(target);
    return bySegment.get(firstSegment(path))?.find(({ prefix }) => isUnder(path, prefix));
  };
}

function firstSegment(path: string): string {
  const end = path.indexOf('/', 1);
  return end === -1 ? path : path.slice(0, end);
}

/** An endpoint's two ways of answering, with every answer told to telemetry. */
function serveEndpoint(
  endpoint: Endpoint,
  context: EndpointContext,
  events: Pick<Events, 'emit'>,
): Serve {
  const { app, direct } = endpoint.routes(context);
  const answered = createAnswered(endpoint.kind, events);
  const viaHono = createHonoServe(app, answered);

  const write = (outgoing: ServerResponse, { status, headers, body }: Answer): void => {
    answered(status);
    outgoing.writeHead(status, headers);
    outgoing.end(body);
  };
  return (incoming, outgoing, connection) => {
    const answer = direct?.({
      connection,
      method: incoming.method ?? '',
      target: incoming.url ?? '',
      rawHeaders: incoming.rawHeaders,
    });
    if (answer === undefined) viaHono(incoming, outgoing, connection);
    else if (answer instanceof Promise) {
      answer.then((late) => write(outgoing, late)).catch(() => outgoing.destroy());
    } else write(outgoing, answer);
  };
}

/** One event per status, made once: every request emits one. */
function createAnswered(endpoint: string, events: Pick<Events, 'emit'>): (status: number) => void {
  const made = new Map<number, Event>();
  return (status) => {
    let event = made.get(status);
    if (event === undefined) made.set(status, (event = { type: 'answered', endpoint, status }));
    events.emit(event);
  };
}
