import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

import { signForm, xmlText, type Params } from './aws-query.ts';
import { listenOnLoopback } from './process.ts';
import { authorization, readAmzDate, readAuthorization, type Keys } from './sigv4.ts';
import {
  callerIdentity,
  problem,
  received,
  send,
  withMessage,
  type Answer,
  type Known,
} from './sts-answers.ts';

/** What goes wrong from now on, for calls of STS only. */
type Fault =
  /** The connection breaks without an answer. */
  | { readonly kind: 'down' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'throttle' }
  /** 200 with a body that is no XML. */
  | { readonly kind: 'garbage' };

export interface GatewayOptions {
  readonly upstream: string;
  /** The account that GetCallerIdentity names. When absent, that call goes upstream. */
  readonly account?: string;
}

interface StsCall {
  readonly action: string;
  readonly params: Params;
  readonly at: number;
}

export interface StsGateway {
  readonly endpoint: string;
  /** Every call of STS that arrived, the failed ones too, in order. */
  readonly calls: StsCall[];
  count(action: string): number;
  /** Long-lived keys that may come through, and whom they stand for. Sessions it learns by itself. */
  addIdentity(keys: Keys, arn: string): void;
  setFault(fault: Fault | undefined): void;
  /** From now on sessions live this many seconds upstream, whatever was asked for; `undefined` ends it. */
  setSessionSeconds(seconds: number | undefined): void;
  stop(): Promise<void>;
}

/**
 * Stands before another server's STS: shortens sessions, counts, breaks. Everything that is not STS
 * passes through, and only an error without a message is given one. A changed body needs a new
 * signature, so the gateway checks the client's own first; without that, a client with a wrong secret
 * or a wrong clock would be let in.
 */
export async function startStsGateway(options: GatewayOptions): Promise<StsGateway> {
  const known = new Map<string, Known>();
  const calls: StsCall[] = [];
  let fault: Fault | undefined;
  let sessionSeconds: number | undefined;

  const answerSts = async (
    request: IncomingMessage,
    params: Params,
    body: string,
  ): Promise<Answer> => {
    const claim = readAuthorization(request.headers.authorization);
    const caller = claim && known.get(claim.accessKeyId);
    if (caller && !isSignedBy(caller.keys, request, body))
      return problem(403, 'SignatureDoesNotMatch');
    if (claim && !caller) return problem(403, 'InvalidClientTokenId');
    if (caller && caller.expiresAt < Date.now()) return problem(403, 'ExpiredToken');
    if (params['Action'] === 'GetCallerIdentity' && options.account !== undefined && caller) {
      return callerIdentity(options.account, caller);
    }
    const changed =
      sessionSeconds === undefined || !ISSUES.test(params['Action'] ?? '')
        ? params
        : { ...params, DurationSeconds: String(sessionSeconds) };
    const host = new URL(options.upstream).host;
    const form = signForm(
      host,
      { service: 'sts', region: claim?.region ?? '' },
      changed,
      caller?.keys ?? NOBODY,
    );
    if (!caller) delete form.headers['authorization'];
    const answer = await received(options.upstream, { method: 'POST', ...form });
    if (answer.status === 200) remember(answer.body.toString());
    return answer.status < 400 || answer.body.includes('<ErrorResponse')
      ? answer
      : problem(answer.status, codeOf(answer.body.toString()));
  };

  /** Sessions may call STS too (role chaining), so their keys must be known here. */
  const remember = (xml: string): void => {
    if (!xml.includes('<SecretAccessKey>')) return;
    const keys = {
      accessKeyId: xmlText(xml, 'AccessKeyId'),
      secretAccessKey: xmlText(xml, 'SecretAccessKey'),
      sessionToken: xmlText(xml, 'SessionToken'),
    };
    const arn = /<Arn>([^<]*)</.exec(xml)?.[1] ?? '';
    known.set(keys.accessKeyId, { keys, arn, expiresAt: Date.parse(xmlText(xml, 'Expiration')) });
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request);
    const params = stsParams(request, body.toString());
    if (params === undefined) {
      const { method = 'GET', headers, url } = request;
      const answer = await received(options.upstream + url, { method, headers, body });
      send(response, withMessage(answer));
      return;
    }
    calls.push({ action: params['Action'] ?? '', params, at: Date.now() });
    if (fault?.kind === 'down') return void request.socket.destroy();
    if (fault?.kind === 'throttle') return send(response, problem(400, 'Throttling'));
    if (fault?.kind === 'garbage') {
      return send(response, {
        status: 200,
        headers: { 'content-type': 'text/xml' },
        body: Buffer.from('}not xml{'),
      });
    }
    if (fault?.kind === 'delay') await delay(fault.ms);
    send(response, await answerSts(request, params, body.toString()));
  };

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) =>
      send(response, problem(502, 'Gateway', String(error))),
    );
  });
  // Node's own 5 s are shorter than a busy client notices; AWS keeps idle connections longer.
  server.keepAliveTimeout = 60_000;
  const port = await listenOnLoopback(server);

  return {
    endpoint: `http://127.0.0.1:${port}`,
    calls,
    count: (action) => calls.filter((call) => call.action === action).length,
    addIdentity: (keys, arn) =>
      void known.set(keys.accessKeyId, { keys, arn, expiresAt: Infinity }),
    setFault: (next) => (fault = next),
    setSessionSeconds: (seconds) => (sessionSeconds = seconds),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** The actions that return credentials. */
const ISSUES = /^(AssumeRole.*|GetSessionToken|GetFederationToken)$/;

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html: "15 minutes" */
const MAX_SKEW_MS = 15 * 60_000;

/** Unsigned actions (AssumeRoleWithWebIdentity) are sent on unsigned. */
const NOBODY: Keys = { accessKeyId: 'none', secretAccessKey: 'none' };

function stsParams(request: IncomingMessage, body: string): Params | undefined {
  const claim = readAuthorization(request.headers.authorization);
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  if (request.method !== 'POST' || request.url !== '/' || !isForm) return undefined;
  if (claim !== undefined && claim.service !== 'sts') return undefined;
  return Object.fromEntries(new URLSearchParams(body));
}

function isSignedBy(keys: Keys, request: IncomingMessage, body: string): boolean {
  const { headers } = request;
  const claim = readAuthorization(headers.authorization);
  const date = headers['x-amz-date'];
  if (claim === undefined || typeof date !== 'string') return false;
  if (!(Math.abs(readAmzDate(date) - Date.now()) < MAX_SKEW_MS)) return false;
  const signed = Object.fromEntries(
    claim.signedHeaders.map((name) => [name, String(headers[name])]),
  );
  const { region, service } = claim;
  const parts = {
    method: 'POST',
    path: '/',
    query: '',
    headers: signed,
    body,
    date,
    region,
    service,
  };
  const tokenFits = keys.sessionToken === headers['x-amz-security-token'];
  return (
    tokenFits && signatureOf(authorization(parts, keys)) === signatureOf(headers.authorization)
  );
}

const signatureOf = (header: string | undefined) => header?.split('Signature=')[1];

const codeOf = (xml: string): string => /<Code>([^<]+)</.exec(xml)?.[1] ?? 'Unknown';
