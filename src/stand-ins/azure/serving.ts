import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { createRecord } from '../google/record.ts';
import type { Calls, LogEntry } from '../google/record.ts';
import { answer, send } from './answer.ts';
import { createFaults } from './faults.ts';
import type { FaultRule, Faults } from './faults.ts';
import { readRequest } from './request.ts';
import { findRoute } from './service.ts';
import type { Route, Visit } from './service.ts';

/** Time, handed in: `now()` in ms since the epoch; `sleep` is for the slow fault alone. */
export interface StandInClock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface ServingOptions {
  readonly clock?: StandInClock;
  readonly faults?: readonly FaultRule[];
  /** PEM; with it the stand-in speaks HTTPS, which Azure's own libraries insist on. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: any free one. */
  readonly port?: number;
}

/** A socket that answers by routes. */
export interface Serving {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  readonly faults: Faults;
  readonly calls: Calls;
  readonly log: readonly LogEntry[];
  stop(): Promise<void>;
}

export const SYSTEM_CLOCK: StandInClock = {
  now: () => Date.now(),
  sleep: async (ms) => {
    await delay(ms);
  },
};

/** Listens; `routesOf` is told how to name the server, which has its port only later. */
export async function startServing(
  options: ServingOptions,
  routesOf: (url: () => string) => readonly Route[],
): Promise<Serving> {
  const clock = options.clock ?? SYSTEM_CLOCK;
  const host = options.host ?? '127.0.0.1';
  const now = (): number => clock.now();
  const record = createRecord();
  let port = options.port ?? 0;
  const url = (): string => `${options.tls === undefined ? 'http' : 'https'}://${host}:${port}`;
  const routes = routesOf(url);
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    void serve(incoming, outgoing);
  };
  const server =
    options.tls === undefined
      ? createHttpServer(listener)
      : createHttpsServer(options.tls, listener);
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject).listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const faults = createFaults(options.faults ?? [], { down: close, up: listen });
  await listen();
  const address = server.address();
  if (typeof address === 'object' && address !== null) port = address.port;

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming).catch(() => 'gone' as const);
    if (request === 'gone') return; // the client went away in the middle of its body
    if (request === undefined) {
      send(outgoing, { status: 413, headers: {}, body: '' }, now(), incoming.method);
      return;
    }
    const match = findRoute(routes, request);
    const operation =
      match === undefined ? 'unknown' : `${match.route.service}:${match.route.name(request)}`;
    record.arrived(operation);
    const fault = faults.next(operation);
    const visit: Visit = {
      now: now() + (fault?.kind === 'clock-skew' ? fault.milliseconds : 0),
    };
    const finish = (status: number, code?: string): void => {
      const { principal, scopes, target } = visit;
      record.answered({ at: now(), operation, principal, scopes, target, status, code });
    };
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset') {
      finish(0);
      incoming.socket.resetAndDestroy();
      return;
    }
    if (fault?.kind === 'slow') await clock.sleep(fault.milliseconds);
    const [reply, code] = await answer(match, request, visit, fault);
    finish(reply.status, code);
    send(outgoing, reply, visit.now, request.method);
  }

  const { calls, log } = record;
  return { url: url(), faults, calls, log, stop: close };
}
