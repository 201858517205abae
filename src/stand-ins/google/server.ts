import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { createAccounts } from './accounts.ts';
import type { Accounts } from './accounts.ts';
import { createFaults, faultBody, faultRefusal, withField } from './faults.ts';
import type { Fault, FaultRule, Faults } from './faults.ts';
import { createGoogleKeys } from './google-keys.ts';
import { iamCredentialsRoutes } from './iam-credentials/routes.ts';
import { identityRoutes } from './identity-routes.ts';
import { createPools } from './pools.ts';
import type { Pools } from './pools.ts';
import { createRecord } from './record.ts';
import type { Calls, LogEntry } from './record.ts';
import { apiRefusal, isRefusal, renderRefusal } from './refusal.ts';
import type { GoogleReply } from './reply.ts';
import { readRequest } from './request.ts';
import type { GoogleRequest } from './request.ts';
import { findRoute } from './router.ts';
import type { Match } from './router.ts';
import { createKeySource } from './rsa-keys.ts';
import type { Route, Visit } from './service.ts';
import { batchRoute } from './storage/batch.ts';
import { createBuckets } from './storage/buckets.ts';
import type { Buckets } from './storage/buckets.ts';
import { storageRefusal } from './storage/refusals.ts';
import { storageRoutes } from './storage/routes.ts';
import { createSubjectSources } from './subject-source.ts';
import type { SubjectSources } from './subject-source.ts';
import { xmlRoutes } from './storage/xml-api.ts';
import { stsRoute } from './sts/endpoint.ts';
import { tokenRoute } from './token/endpoint.ts';
import { createTokens } from './tokens.ts';
import type { Tokens } from './tokens.ts';

/** Time, handed in: `now()` in ms since the epoch; `sleep` is for the slow fault alone. */
export interface StandInClock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface GoogleStandInOptions {
  readonly clock?: StandInClock;
  readonly faults?: readonly FaultRule[];
  /** PEM; with it the stand-in speaks HTTPS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: any free one. */
  readonly port?: number;
}

export interface GoogleStandIn {
  /** `http://127.0.0.1:PORT`: the endpoint of every service. */
  readonly url: string;
  /** gcloud's own variables, leading here. */
  readonly variables: Readonly<Record<string, string>>;
  readonly accounts: Accounts;
  readonly pools: Pools;
  readonly buckets: Buckets;
  readonly tokens: Tokens;
  readonly subjects: SubjectSources;
  readonly faults: Faults;
  readonly calls: Calls;
  readonly log: readonly LogEntry[];
  stop(): Promise<void>;
}

const SYSTEM_CLOCK: StandInClock = {
  now: () => Date.now(),
  sleep: async (ms) => {
    await delay(ms);
  },
};

/**
 * A small Google on loopback: OAuth and STS token endpoints, IAM Credentials, and enough Cloud
 * Storage to judge a token by, each refusing what Google refuses. All state is in memory and starts
 * empty. It shares no code with what it judges.
 */
export async function startGoogleStandIn(
  options: GoogleStandInOptions = {},
): Promise<GoogleStandIn> {
  const clock = options.clock ?? SYSTEM_CLOCK;
  const host = options.host ?? '127.0.0.1';
  const now = (): number => clock.now();
  const keys = createKeySource();
  const tokens = createTokens(now);
  const accounts = createAccounts(tokens, keys);
  const buckets = createBuckets(now);
  const pools = createPools();
  const subjects = createSubjectSources();
  const record = createRecord();
  let port = options.port ?? 0;
  const url = (): string => `${options.tls === undefined ? 'http' : 'https'}://${host}:${port}`;
  const googleKeys = createGoogleKeys(keys);
  const world = { accounts, tokens, googleKeys, pools, buckets, url };
  const routes: readonly Route[] = [
    tokenRoute(world),
    stsRoute(world),
    ...iamCredentialsRoutes(world),
    ...storageRoutes(world),
    ...identityRoutes(world),
    subjects.route,
    ...xmlRoutes(world),
    batchRoute(async (call) => {
      const handled = await handle(call);
      if (typeof handled !== 'string') return handled.reply;
      return renderRefusal(storageRefusal(503, 'backendError', 'Backend Error'));
    }),
  ];
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
    let request: GoogleRequest;
    try {
      request = await readRequest(incoming);
    } catch (error) {
      if (isRefusal(error)) send(outgoing, renderRefusal(error), now());
      return; // otherwise the client went away in the middle of its body
    }
    const handled = await handle(request);
    if (handled === 'hang') return;
    if (handled === 'reset') breakOff(incoming);
    else send(outgoing, handled.reply, handled.now, request.method);
  }

  async function handle(request: GoogleRequest): Promise<Handled | 'hang' | 'reset'> {
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
    if (fault?.kind === 'hang') return 'hang';
    if (fault?.kind === 'reset') {
      finish(0);
      return 'reset';
    }
    if (fault?.kind === 'slow') await clock.sleep(fault.milliseconds);
    const [reply, code] = await answer(match, request, visit, fault);
    finish(reply.status, code);
    return { reply, now: visit.now };
  }

  return {
    url: url(),
    variables: {
      CLOUDSDK_AUTH_TOKEN_HOST: `${url()}/token`,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STS: `${url()}/`,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: `${url()}/`,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: `${url()}/storage/v1/`,
    },
    accounts,
    pools,
    buckets,
    tokens,
    subjects,
    faults,
    calls: record.calls,
    log: record.log,
    stop: close,
  };
}

/** An answer, and Google's clock at that time. */
interface Handled {
  readonly reply: GoogleReply;
  readonly now: number;
}

async function answer(
  match: Match | undefined,
  request: GoogleRequest,
  visit: Visit,
  fault: Fault | undefined,
): Promise<[GoogleReply, string?]> {
  try {
    if (match === undefined) throw apiRefusal(404, 'NOT_FOUND', `${request.path} was not found.`);
    const { route } = match;
    if (fault?.kind === 'body') return [faultBody(fault.body)];
    if (fault?.kind === 'error') {
      const error = faultRefusal(route.service, fault);
      const { retryAfterSeconds: wait } = fault;
      const headers = wait === undefined ? {} : { 'retry-after': String(wait) };
      return [renderRefusal(error, headers), error.googleCode];
    }
    const reply = await route.run({ request, visit, params: match.params() });
    return [fault?.kind === 'field' ? withField(reply, fault.name, fault.value) : reply];
  } catch (error) {
    const refused = isRefusal(error)
      ? error
      : apiRefusal(500, 'INTERNAL', error instanceof Error ? error.message : '');
    const reply = match?.route.render?.(refused) ?? renderRefusal(refused);
    return [reply, refused.googleCode];
  }
}

/** As a reset, where the socket is a plain one. */
function breakOff({ socket }: IncomingMessage): void {
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}

/** The date is the stand-in's own. */
function send(outgoing: ServerResponse, reply: GoogleReply, now: number, method?: string): void {
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body;
  outgoing.sendDate = false;
  outgoing.writeHead(reply.status, {
    date: new Date(now).toUTCString(),
    'content-length': String(body.length),
    ...reply.headers,
  });
  outgoing.end(method === 'HEAD' ? undefined : body);
}
