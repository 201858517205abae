import type { IncomingMessage, ServerResponse } from 'node:http';

import { ValetkeyError } from '../core/errors.ts';
import type { Event, Events } from '../core/events.ts';
import type { Answer, Connection, Endpoint, EndpointContext } from '../endpoints/contract.ts';
import { isUnder, normalPath } from '../endpoints/path.ts';
import { absoluteForm } from './absolute-form.ts';
import type { Bound } from './address.ts';
import { createGuard, foreignHost, type Guard, hostsOf, type Refusal } from './guard.ts';
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
  const guardOfNone = createGuard(hostsOf(bound, []));

  const routes = routesOf(endpoints, (endpoint) => {
    const hosts = hostsOf(bound, endpoint.hosts);
    const serve = serveEndpoint(
      endpoint,
      {
        ...context,
        refused: (connection, why, status) => report(connection, endpoint.kind, why, status),
      },
      events,
    );
    // One protocol's names are no names of another's: `localhost` is right for Google alone.
    return { endpoint, hosts, guard: createGuard(hosts), serve };
  });

  const refuse = (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    connection: Connection,
    endpoint: Endpoint | undefined,
    { status, reason, why }: Refusal,
  ): void => {
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

  /**
   * Takes scheme and host off a target where its endpoint understands them; elsewhere the guard finds
   * it no path. The host that was there is the one meant, whatever `Host` says.
   */
  const withoutHost = (incoming: IncomingMessage): string | undefined => {
    const absolute = absoluteForm(incoming.url ?? '');
    if (absolute === undefined) return undefined;
    if (routeOf(absolute.target)?.endpoint.absoluteForm !== true) return undefined;
    incoming.url = absolute.target;
    return absolute.host;
  };

  return {
    handle(incoming, outgoing, connection) {
      const host = withoutHost(incoming);
      const route = routeOf(incoming.url ?? '');
      const refusal =
        (host === undefined || route === undefined ? undefined : foreignHost(host, route.hosts)) ??
        (route?.guard ?? guardOfNone)(incoming);
      if (refusal !== undefined) {
        refuse(incoming, outgoing, connection, route?.endpoint, refusal);
        return;
      }
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

/** An endpoint and what goes before it. */
interface Route {
  readonly endpoint: Endpoint;
  readonly hosts: ReadonlySet<string>;
  readonly guard: Guard;
  readonly serve: Serve;
}

/** Which endpoint a target belongs to. Prefixes are looked up by their first segment. */
function routesOf(
  endpoints: readonly Endpoint[],
  routeFor: (endpoint: Endpoint) => Route,
): (target: string) => Route | undefined {
  const bySegment = new Map<string, { readonly prefix: string; readonly route: Route }[]>();
  for (const endpoint of endpoints) {
    const route = routeFor(endpoint);
    for (const prefix of endpoint.paths) {
      const siblings = bySegment.get(firstSegment(prefix)) ?? [];
      const rival = siblings.find((other) => other.prefix === prefix);
      if (rival !== undefined) {
        throw new ValetkeyError('CONFIG_INVALID', {
          subject: 'listeners',
          reason: `${endpoint.kind} and ${rival.route.endpoint.kind} both answer ${prefix}`,
          hint: 'give each a listener of its own',
        });
      }
      bySegment.set(
        firstSegment(prefix),
        [...siblings, { prefix, route }].sort((a, b) => b.prefix.length - a.prefix.length),
      );
    }
  }
  return (target) => {
    const path = normalPath(target);
    const first = firstSegment(path);
    const exact = bySegment.get(first);
    if (exact !== undefined) return exact.find(({ prefix }) => isUnder(path, prefix))?.route;
    const lower = first.toLowerCase() + path.slice(first.length);
    return bySegment
      .get(firstSegment(lower))
      ?.find(({ prefix, route }) => route.endpoint.anyCase === true && isUnder(lower, prefix))
      ?.route;
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
