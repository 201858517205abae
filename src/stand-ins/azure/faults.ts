import { isObject } from '../google/json.ts';
import { armRefusal } from './arm/refusals.ts';
import { blobRefusal } from './blob/refusals.ts';
import { answerOf, entraRefusal, isAadsts } from './entra/aadsts.ts';
import { imdsRefusal } from './identity/imds.ts';
import type { Refusal } from './refusal.ts';
import type { AzureReply } from './reply.ts';
import type { ServiceName } from './service.ts';
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
  /** An error in the service's own shape; `code` is Entra's number (`AADSTS90033`) or the service's word. */
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
  /** Azure's clock and the caller's differ: the request is judged, and dated, by a clock this far off. */
  | { readonly kind: 'clock-skew'; readonly milliseconds: number };

export type FaultRule = Rule<Fault>;
export type Faults = Table<Fault>;
export const createFaults = createTable<Fault>;

/** What Azure says with a status, when it is not about the request. */
const ARM_WORDS: Readonly<Record<number, string>> = {
  401: 'InvalidAuthenticationToken',
  403: 'AuthorizationFailed',
  429: 'TooManyRequests',
  500: 'InternalServerError',
  503: 'ServiceUnavailable',
};

const IDENTITY_WORDS: Readonly<Record<number, string>> = {
  429: 'too_many_requests',
  503: 'service_unavailable',
};
const BLOB_WORDS: Readonly<Record<number, string>> = {
  403: 'AuthorizationFailure',
  500: 'InternalError',
  503: 'ServerBusy',
};

/** An error fault in the words of the service; Entra's by its AADSTS number, when there is one. */
export function faultRefusal(
  service: ServiceName,
  fault: Extract<Fault, { kind: 'error' }>,
): Refusal {
  const { status, code, message = 'The service is currently unavailable.' } = fault;
  const wait = fault.retryAfterSeconds;
  const headers: Record<string, string> = wait === undefined ? {} : { 'retry-after': String(wait) };
  if (service === 'identity') {
    return imdsRefusal(status, code ?? IDENTITY_WORDS[status] ?? 'server_error', message, headers);
  }
  if (service === 'blob') {
    return blobRefusal(status, code ?? BLOB_WORDS[status] ?? 'InternalError', message, { headers });
  }
  if (service !== 'entra') {
    return armRefusal(status, code ?? ARM_WORDS[status] ?? 'InternalServerError', message, headers);
  }
  const number = Number(/^AADSTS(\d+)$/.exec(code ?? '')?.[1] ?? '90033');
  const answer = isAadsts(number) ? answerOf(number) : { error: 'temporarily_unavailable' };
  return entraRefusal({ ...answer, status }, number, message, {}, headers);
}

/** Bytes of a body that no client should read to its end. */
const OVERSIZED_BYTES = 8 * 1024 * 1024;

export function faultBody(kind: Extract<Fault, { kind: 'body' }>['body']): AzureReply {
  const json = { 'content-type': 'application/json; charset=utf-8' };
  switch (kind) {
    case 'malformed':
      return { status: 200, headers: json, body: '{"access_token": "eyJ0' };
    case 'html':
      return {
        status: 200,
        headers: { 'content-type': 'text/html; charset=utf-8' },
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

/** The answer with one field of its JSON body set or left out; an error stays as it is, and XML. */
export function withField(reply: AzureReply, name: string, value: unknown): AzureReply {
  const json = reply.headers['content-type']?.startsWith('application/json') === true;
  if (reply.status !== 200 || !json) return reply;
  const body: unknown = JSON.parse(reply.body.toString());
  if (!isObject(body)) return reply;
  return { ...reply, body: JSON.stringify({ ...body, [name]: value }) };
}
