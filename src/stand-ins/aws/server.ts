import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { createAccounts } from './accounts.ts';
import type { Accounts } from './accounts.ts';
import { createFaults } from './faults.ts';
import type { Fault, FaultRule, Faults } from './faults.ts';
import { createRecord } from './record.ts';
import type { Calls, LogEntry } from './record.ts';
import { isRefusal, refusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { readRequest } from './request.ts';
import type { AwsReply, AwsRequest } from './request.ts';
import { createBuckets } from './s3/buckets.ts';
import type { Buckets } from './s3/buckets.ts';
import { createS3 } from './s3.ts';
import type { Service, Visit } from './service.ts';
import { parseAuthorization } from './sigv4.ts';
import { createSso } from './sso.ts';
import type { Sso } from './sso.ts';
import { createSts } from './sts.ts';

/** Time, handed in: `now()` in ms since the epoch; `sleep` is for the delay fault alone. */
export interface StandInClock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface AwsStandInOptions {
  readonly clock?: StandInClock;
  readonly faults?: readonly FaultRule[];
}

export interface AwsStandIn {
  /** `http://127.0.0.1:PORT`: the endpoint of every service. */
  readonly url: string;
  readonly accounts: Accounts;
  readonly buckets: Buckets;
  readonly sso: Sso;
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
 * A small AWS on loopback: STS, enough S3 to judge a credential by, and IAM Identity Center, each
 * refusing what AWS refuses. All state is in memory and starts empty.
 */
export async function startAwsStandIn(options: AwsStandInOptions = {}): Promise<AwsStandIn> {
  const clock = options.clock ?? SYSTEM_CLOCK;
  const now = (): number => clock.now();
  const accounts = createAccounts(now);
  const buckets = createBuckets(now);
  const sso = createSso(accounts, now);
  const record = createRecord();
  const sts = createSts(accounts);
  const s3 = createS3(accounts, buckets);
  const server = createServer((incoming, outgoing) => {
    void serve(incoming, outgoing);
  });
  let port = 0;
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', () => {
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

  function route(request: AwsRequest): Service {
    const signedFor = parseAuthorization(request)?.service;
    if (signedFor === 's3') return s3;
    if (signedFor === 'sts') return sts;
    return (
      sso.serviceFor(request) ?? (request.method === 'POST' && request.path === '/' ? sts : s3)
    );
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    let request: AwsRequest;
    try {
      request = await readRequest(incoming);
    } catch (error) {
      if (isRefusal(error)) send(outgoing, s3.refuse(error), now(), incoming.method);
      return; // otherwise the client went away in the middle of its body
    }
    const service = route(request);
    const operation = `${service.name}:${service.operation(request)}`;
    record.arrived(operation);
    const fault = faults.next(operation);
    const visit: Visit = {
      now: now() + (fault?.kind === 'clock-skew' ? fault.milliseconds : 0),
    };
    const finish = (status: number, code?: string): void => {
      record.answered({
        at: now(),
        operation,
        accessKeyId: parseAuthorization(request)?.accessKeyId,
        principal: visit.principal,
        parameters: visit.parameters,
        status,
        code,
      });
    };
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset') {
      finish(0);
      incoming.socket.resetAndDestroy();
      return;
    }
    if (fault?.kind === 'delay') await clock.sleep(fault.milliseconds);
    const [reply, code] = await answer(service, request, visit, fault);
    finish(reply.status, code);
    send(outgoing, reply, visit.now, request.method);
  }

  return {
    url: `http://127.0.0.1:${port}`,
    accounts,
    buckets,
    sso,
    faults,
    calls: record.calls,
    log: record.log,
    stop: close,
  };
}

async function answer(
  service: Service,
  request: AwsRequest,
  visit: Visit,
  fault: Fault | undefined,
): Promise<[AwsReply, string?]> {
  const refuse = (error: Refusal): [AwsReply, string] => [service.refuse(error), error.awsCode];
  if (fault?.kind === 'garbage') return [GARBAGE];
  if (fault?.kind === 'throttle') return refuse(service.throttled());
  if (fault?.kind === 'error') {
    return refuse(refusal(fault.code, fault.status, 'The request has failed.'));
  }
  try {
    return [await service.answer(request, visit)];
  } catch (error) {
    if (isRefusal(error)) return refuse(error);
    return refuse(refusal('InternalFailure', 500, error instanceof Error ? error.message : ''));
  }
}

const GARBAGE: AwsReply = {
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: '<html><body>Sign in to this network</body></html><br>\u0000{',
};

/** The date is the stand-in's own: SDKs correct their clocks by it. */
function send(outgoing: ServerResponse, reply: AwsReply, now: number, method?: string): void {
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body;
  outgoing.sendDate = false;
  outgoing.writeHead(reply.status, {
    date: new Date(now).toUTCString(),
    'content-length': String(body.length),
    ...reply.headers,
  });
  outgoing.end(method === 'HEAD' ? undefined : body);
}
