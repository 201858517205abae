import type { Dispatcher } from 'undici';

import type { Secret } from '../../core/secret.ts';
import { ValetkeyError } from '../../core/errors.ts';
import type { Machine } from '../contract.ts';
import { readBounded } from '../outbound/bounded-body.ts';
import { openDispatcher } from '../outbound/network.ts';
import type { GcpPlace } from './cloud.ts';
import { endpointsOf, mayBeAsked, type Endpoints } from './endpoints.ts';
import { mapNetworkError, mapRefusal } from './google-errors.ts';

const CONNECT_MS = 3_000;
const DEADLINE_MS = 10_000;
const ANSWER_MAX_BYTES = 65_536;
/** As gcloud and Python's requests name it. */
const CA_VARIABLES = ['CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE', 'REQUESTS_CA_BUNDLE'];

/** Form fields that are secrets. */
const SECRET_FIELDS = ['assertion', 'refresh_token', 'client_secret', 'subject_token'];

export interface GoogleCall {
  /** Of Google's hosts, or of the endpoints put in their place; anybody else is refused. */
  readonly url: (endpoints: Endpoints) => string;
  /** A form, or JSON; absent: a GET. */
  readonly body?: URLSearchParams | Readonly<Record<string, unknown>> | undefined;
  readonly bearer?: Secret | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What to do about an error, by Google's code, where the general hint would mislead. */
  readonly hints?: Readonly<Record<string, string>> | undefined;
  readonly place: GcpPlace;
  readonly signal: AbortSignal;
}

export interface GoogleAnswer {
  /** Parsed JSON of a 2xx answer, not checked yet. */
  readonly data: unknown;
  /** By the machine's clock, ms since the epoch. */
  readonly receivedAt: number;
}

/** One exchange with Google. Throws `UPSTREAM_*`, `LOGIN_REQUIRED`, `CONFIG_INVALID`, or the signal's reason. */
export type Send = (call: GoogleCall) => Promise<GoogleAnswer>;

/**
 * The one way to Google's services: by the machine's own variables (`HTTPS_PROXY`, `NO_PROXY` and a CA
 * bundle as gcloud and Python's requests name it) and nothing of the process's; no redirects, which
 * would carry a bearer elsewhere; no retries, which are the broker's; everything bounded.
 */
export function createTransport({ env, clock }: Machine): Send {
  let opening: Promise<Dispatcher> | undefined;

  async function dispatcher(): Promise<Dispatcher> {
    opening ??= openDispatcher(env, CA_VARIABLES, CONNECT_MS);
    try {
      return await opening;
    } catch (error) {
      // An unreadable bundle may be repaired: the next call tries again.
      opening = undefined;
      throw error;
    }
  }

  async function exchange(
    url: URL,
    { body, bearer, headers = {}, signal }: GoogleCall,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const [{ request }, connections] = await Promise.all([import('undici'), dispatcher()]);
    const done = new AbortController();
    const late = new AbortController();
    clock.sleep(DEADLINE_MS, done.signal).then(
      () => late.abort(),
      () => {},
    );
    try {
      const answer = await request(url, {
        dispatcher: connections,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          accept: 'application/json',
          'user-agent': 'valetkey',
          ...contentType(body),
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer.reveal()}` }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: encoded(body) }),
        signal: AbortSignal.any([signal, late.signal]),
      });
      return { status: answer.statusCode, text: await readBounded(answer.body, ANSWER_MAX_BYTES) };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ValetkeyError) throw error;
      throw mapNetworkError(error, url.host);
    } finally {
      done.abort();
    }
  }

  return async (call) => {
    const { place, signal, hints } = call;
    signal.throwIfAborted();
    const endpoints = endpointsOf(place, env);
    const url = new URL(call.url(endpoints));
    if (!mayBeAsked(url, place, endpoints)) {
      throw new ValetkeyError('UPSTREAM_INVALID', {
        reason: `${url.host} is no host of ${place.universeDomain} and was not put in its place`,
      });
    }
    const { status, text } = await exchange(url, call);
    const receivedAt = clock.now();
    if (status < 200 || status > 299) {
      throw mapRefusal({ status, body: text, hints, sent: secretsOf(call) });
    }
    return { data: json(text), receivedAt };
  };
}

function contentType(body: GoogleCall['body']): Record<string, string> {
  if (body === undefined) return {};
  const type = body instanceof URLSearchParams ? 'x-www-form-urlencoded' : 'json';
  return { 'content-type': `application/${type}` };
}

function encoded(body: NonNullable<GoogleCall['body']>): string {
  return body instanceof URLSearchParams ? body.toString() : JSON.stringify(body);
}

function secretsOf({ body, bearer, headers = {} }: GoogleCall): string[] {
  const fields = body instanceof URLSearchParams ? SECRET_FIELDS.map((name) => body.get(name)) : [];
  const basic = headers['authorization']?.split(' ').at(-1);
  return [...fields, bearer?.reveal(), basic].filter(
    (value) => value !== undefined && value !== null,
  );
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not the parser's own error: it quotes the text, which may hold a token.
    throw new ValetkeyError('UPSTREAM_MALFORMED', { reason: 'the answer is no JSON' });
  }
}
