import type { Secret } from '../../core/secret.ts';
import { ValetkeyError } from '../../core/errors.ts';
import type { Machine } from '../contract.ts';
import { createExchange } from '../outbound/exchange.ts';
import type { GcpPlace } from './cloud.ts';
import { endpointsOf, mayBeAsked, type Endpoints } from './endpoints.ts';
import { mapRefusal } from './google-errors.ts';

/** As gcloud and Python's requests name it. */
const CA_VARIABLES = ['CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE', 'REQUESTS_CA_BUNDLE'] as const;

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
  /** By the machine's clock, ms since the epoch: what is issued lives from here at the earliest. */
  readonly askedAt: number;
}

/** One exchange with Google. Throws `UPSTREAM_*`, `LOGIN_REQUIRED`, `CONFIG_INVALID`, or the signal's reason. */
export type Send = (call: GoogleCall) => Promise<GoogleAnswer>;

/** What Google answers, by the machine's own variables; bounded as `createExchange` says. */
export function createTransport(machine: Machine): Send {
  const { env } = machine;
  const exchange = createExchange(machine, CA_VARIABLES);

  return async (call) => {
    const { place, signal, hints, body, bearer, headers = {} } = call;
    signal.throwIfAborted();
    const endpoints = endpointsOf(place, env);
    const url = new URL(call.url(endpoints));
    if (!mayBeAsked(url, place, endpoints)) {
      throw new ValetkeyError('UPSTREAM_INVALID', {
        reason: `${url.host} is no host of ${place.universeDomain} and was not put in its place`,
      });
    }
    const { status, text, askedAt } = await exchange({
      url,
      headers: {
        accept: 'application/json',
        ...contentType(body),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer.reveal()}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: encoded(body) }),
      signal,
    });
    if (status < 200 || status > 299) {
      throw mapRefusal({ status, body: text, hints, sent: secretsOf(call) });
    }
    return { data: json(text), askedAt };
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
