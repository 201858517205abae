import { ERRORS, type ErrorCode, type ValetkeyError } from '../../core/errors.ts';
import { OWN_ANSWER_HEADER } from '../../core/own-answer.ts';
import { jsonAnswer } from '../answer.ts';
import type { Answer, RefusalReason } from '../contract.ts';

/** The words of the specification, and those that its documentation adds. */
export type ErrorWord =
  | 'invalid_request'
  | 'invalid_resource'
  | 'invalid_scope'
  | 'unauthorized_client'
  | 'access_denied'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'unsupported_api_version'
  | 'unauthorized'
  | 'too_many_requests'
  | 'server_error'
  | 'service_unavailable';

/** Why there is no answer, before a protocol has given it its shape. */
export interface Failure {
  readonly kind: 'failure';
  readonly status: number;
  readonly error: ErrorWord;
  /** One plain sentence. A 403 without the word “unreachable”: JavaScript takes that for a Docker proxy. */
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A failure as one protocol writes it. */
export type Shape = (failure: Failure) => Answer;

export function failure(
  status: number,
  error: ErrorWord,
  text: string,
  headers?: Failure['headers'],
): Failure {
  return { kind: 'failure', status, error, text, ...(headers === undefined ? {} : { headers }) };
}

export const invalid = (text: string): Failure => failure(400, 'invalid_request', text);

export const NOT_FOUND = failure(404, 'not_found', 'there is nothing at this path');

/** Nobody, or somebody without identities: one answer for both (invariant 5). .NET looks for the first words. */
export const NO_IDENTITY = invalid('Identity not found: there is no such identity here');

/** On every answer of a token endpoint, good or bad: tells our own upstream client whom it has found. */
export const OWN: Readonly<Record<string, string>> = { [OWN_ANSWER_HEADER]: '1' };

/** https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling */
export const imdsShape: Shape = ({ status, error, text, headers }) =>
  jsonAnswer(status, { error, error_description: text }, { ...OWN, ...headers });

/** What MSAL reads of an App Service error. There is no log of ours that a correlation id would lead to. */
export const appServiceShape: Shape = ({ status, error, text, headers }) =>
  jsonAnswer(
    status,
    {
      statusCode: status,
      message: error === 'unsupported_api_version' ? `UnsupportedApiVersion: ${text}` : text,
      correlationId: '00000000-0000-0000-0000-000000000000',
    },
    { ...OWN, ...headers },
  );

export const cloudShellShape: Shape = ({ status, error, text, headers }) =>
  jsonAnswer(status, { error: { code: error, message: text } }, { ...OWN, ...headers });

/** Seconds that clients wait when the cloud has not said how long. Some retry 429 only when told. */
const RETRY = { throttled: 5, passing: 2 };

export function wrongMethod(allow: string): Failure {
  return failure(405, 'method_not_allowed', `the methods are: ${allow}`, { Allow: allow });
}

/** What the guard refused. The real service answers a forwarded request, too, as a malformed one. */
export function refusalOf(status: number, reason: RefusalReason, allow: string): Failure {
  if (reason === 'method') return wrongMethod(allow);
  if (reason === 'forwarded') return invalid('a request that was forwarded is refused');
  if (reason === 'query') return invalid('the query is too long');
  if (status === 403) return failure(403, 'forbidden', 'the request is refused');
  if (status === 429) return throttled(status, 'too many refused requests', undefined);
  return failure(status, 'invalid_request', 'the request is refused');
}

/** By number. https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const BY_AADSTS: ReadonlyMap<string, readonly [status: number, error: ErrorWord]> = new Map(
  (
    [
      [400, 'unauthorized_client', '7000215 7000222 700016 7000112 700027 700024 70021 700211'],
      [400, 'unauthorized_client', '700212 700213 50034 50126 50076 50079 50173 70043 700082'],
      [400, 'invalid_request', '90002'],
      [400, 'invalid_resource', '500011 50001'],
      [400, 'invalid_scope', '70011 1002012'],
      [403, 'access_denied', '65001 53003'],
      [429, 'too_many_requests', '50196 90055'],
      [503, 'service_unavailable', '90033'],
    ] as const
  ).flatMap(([status, error, numbers]) =>
    numbers.split(' ').map((number) => [`AADSTS${number}`, [status, error]] as const),
  ),
);

/** A policy of ours said no; everything else that a person must mend is the identity's trouble. */
const POLICY: ReadonlySet<ErrorCode> = new Set([
  'SCOPE_NOT_GRANTED',
  'AUDIENCE_NOT_GRANTED',
  'OUT_OF_SCOPE',
  'IMPLICIT_FORBIDDEN',
  'FORBIDDEN',
  'UPSTREAM_DENIED',
]);

/**
 * Why there is no token. Lasting reasons are 400, never 401: nobody asks again after it, and chains of
 * credentials go on, where 401 would be a challenge. 404 and 410 would be asked again for a minute.
 */
export function failureOf(error: ValetkeyError): Failure {
  const [status, word] = statusOf(error);
  const text = sentence(error);
  if (status === 429 || status === 503) return throttled(status, text, error.retryAfterMs);
  return failure(status, word, text);
}

function statusOf({ code, upstreamCode = '' }: ValetkeyError): readonly [number, ErrorWord] {
  // By a 429 that has whatever number, or none.
  if (code === 'UPSTREAM_THROTTLED') return [429, 'too_many_requests'];
  const known = BY_AADSTS.get(upstreamCode);
  if (known !== undefined) return known;
  if (ERRORS[code].retry === 'backoff' || code.startsWith('STORE_')) {
    return [503, 'service_unavailable'];
  }
  if (POLICY.has(code)) return [403, 'access_denied'];
  if (code === 'INPUT_INVALID' || code === 'UPSTREAM_INVALID') return [400, 'invalid_request'];
  return [400, 'unauthorized_client'];
}

function throttled(status: number, text: string, waitMs: number | undefined): Failure {
  const usual = status === 429 ? RETRY.throttled : RETRY.passing;
  const seconds = waitMs === undefined ? usual : Math.max(1, Math.ceil(waitMs / 1000));
  const error = status === 429 ? 'too_many_requests' : 'service_unavailable';
  return failure(status, error, text, { 'Retry-After': String(seconds) });
}

/** Table text, public details and what to do; of what broke inside, the table's words alone. */
function sentence(error: ValetkeyError): string {
  if (error.code === 'NOT_FOUND') return NO_IDENTITY.text;
  if (error.code === 'INTERNAL') return ERRORS.INTERNAL.message;
  return error.hint === undefined ? error.message : `${error.message}; ${error.hint}`;
}
