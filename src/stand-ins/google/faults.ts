import type { Refusal } from './refusal.ts';
import { apiRefusal, oauthRefusal } from './refusal.ts';
import type { GoogleReply } from './reply.ts';
import { isObject } from './json.ts';
import type { ServiceName } from './service.ts';
import { storageRefusal } from './storage/refusals.ts';
import { createFaults as createTable } from '../fault-table.ts';
import type { FaultRule as Rule, Faults as Table } from '../fault-table.ts';

/** What can go wrong on the way, instead of or around the normal answer. */
export type Fault =
  /** The connection is reset after the request was read. */
  | { readonly kind: 'reset' }
  /** No answer until the client gives up or the stand-in stops. */
  | { readonly kind: 'hang' }
  /** The normal answer, later. */
  | { readonly kind: 'slow'; readonly milliseconds: number }
  /** An error in the service's own shape; without a code, what Google says with that status. */
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly code?: string;
      readonly message?: string;
      readonly retryAfterSeconds?: number;
    }
  /** 200 and a body that is not the answer. */
  | { readonly kind: 'body'; readonly body: 'malformed' | 'html' | 'empty' | 'oversized' }
  /** The normal answer with one field replaced, or left out when there is no value. */
  | { readonly kind: 'field'; readonly name: string; readonly value?: unknown }
  /** Google's clock and the caller's differ: the request is judged, and dated, by a clock this far off. */
  | { readonly kind: 'clock-skew'; readonly milliseconds: number };

export type FaultRule = Rule<Fault>;
export type Faults = Table<Fault>;
export const createFaults = createTable<Fault>;

/** What Google says with a status, when it is not about the request. */
const OAUTH_WORDS: Readonly<Record<number, string>> = {
  429: 'rate_limit_exceeded',
  500: 'internal_failure',
  503: 'temporarily_unavailable',
};
const API_WORDS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};
const STORAGE_WORDS: Readonly<Record<number, string>> = {
  429: 'rateLimitExceeded',
  500: 'internalError',
  503: 'backendError',
};

/** An error fault in the words of the service. */
export function faultRefusal(
  service: ServiceName,
  {
    status,
    code,
    message = 'The service is currently unavailable.',
  }: Extract<Fault, { kind: 'error' }>,
): Refusal {
  if (service === 'storage') {
    return storageRefusal(status, code ?? STORAGE_WORDS[status] ?? 'backendError', message);
  }
  if (service === 'iamcredentials' || service === 'subject') {
    return apiRefusal(status, code ?? API_WORDS[status] ?? 'UNKNOWN', message);
  }
  return oauthRefusal(status, code ?? OAUTH_WORDS[status] ?? 'invalid_request', message);
}

/** Bytes of a body that no client should read to its end. */
const OVERSIZED_BYTES = 8 * 1024 * 1024;

export function faultBody(kind: Extract<Fault, { kind: 'body' }>['body']): GoogleReply {
  const json = { 'content-type': 'application/json; charset=UTF-8' };
  switch (kind) {
    case 'malformed':
      return { status: 200, headers: json, body: '{"access_token": "ya29.' };
    case 'html':
      return {
        status: 200,
        headers: { 'content-type': 'text/html; charset=UTF-8' },
        body: '<!DOCTYPE html><html><title>Sign in to this network</title></html>',
      };
    case 'empty':
      return { status: 200, headers: json, body: '' };
    case 'oversized':
      return {
        status: 200,
        headers: json,
        body: JSON.stringify({ access_token: 'a'.repeat(OVERSIZED_BYTES), expires_in: 3599 }),
      };
  }
}

/** The answer with one field of its JSON body set or left out; an error stays as it is. */
export function withField(reply: GoogleReply, name: string, value: unknown): GoogleReply {
  if (reply.status !== 200) return reply;
  const body: unknown = JSON.parse(reply.body.toString());
  if (!isObject(body)) return reply;
  return { ...reply, body: JSON.stringify({ ...body, [name]: value }) };
}
