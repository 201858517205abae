import { ValetkeyError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { Machine } from '../contract.ts';
import { createExchange, type Incoming } from '../outbound/exchange.ts';
import type { AzurePlace } from './cloud.ts';
import { endpointsOf, type Endpoints } from './endpoints.ts';

/** As az and Python's requests name it. */
export const CA_VARIABLES = ['REQUESTS_CA_BUNDLE'] as const;

export interface AzureCall {
  /** Of Azure's hosts, or of the endpoints put in their place; anybody else is refused. */
  readonly url: (endpoints: Endpoints) => string;
  /** A form, or a text with its type; absent: a GET. */
  readonly body?: URLSearchParams | { readonly type: string; readonly text: string } | undefined;
  readonly bearer?: Secret | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly maxBytes?: number | undefined;
  readonly place: AzurePlace;
  readonly signal: AbortSignal;
}

/** One exchange with Azure, whose status the caller judges. Throws as `Exchange` does, and `CONFIG_INVALID`. */
export type Send = (call: AzureCall) => Promise<Incoming>;

/** The one way to Azure's services, by the machine's own variables; bounded as `createExchange` says. */
export function createTransport(machine: Machine): Send {
  const exchange = createExchange(machine, CA_VARIABLES);
  return async ({ url: choose, body, bearer, headers = {}, maxBytes, place, signal }) => {
    signal.throwIfAborted();
    const endpoints = endpointsOf(place, machine.env);
    const url = new URL(choose(endpoints));
    if (!endpoints.mayBeAsked(url)) {
      throw new ValetkeyError('UPSTREAM_INVALID', {
        reason: `${url.host} is no host of Azure’s and was not put in its place`,
      });
    }
    return await exchange({
      url,
      headers: {
        accept: 'application/json',
        ...contentType(body),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer.reveal()}` }),
        ...headers,
      },
      body: body instanceof URLSearchParams ? body.toString() : body?.text,
      maxBytes,
      signal,
    });
  };
}

function contentType(body: AzureCall['body']): Record<string, string> {
  if (body === undefined) return {};
  const form = body instanceof URLSearchParams;
  return { 'content-type': form ? 'application/x-www-form-urlencoded' : body.type };
}
