import { ERRORS, type ErrorCode, type ValetkeyError } from '../../core/errors.ts';
import { OWN_ANSWER_HEADER } from '../../core/own-answer.ts';
import { answer } from '../answer.ts';
import type { Answer, RefusalReason } from '../contract.ts';

/**
 * On every answer, errors too: Python, Node and Java take a server without the first for something
 * else, also behind a 404. The last tells our own upstream client that it has found this program.
 */
const HEADERS = {
  'Metadata-Flavor': 'Google',
  Server: 'Metadata Server for VM',
  [OWN_ANSWER_HEADER]: '1',
} as const;

/** Java and Go leave out the text of a 404, everybody else shows it to a person: one plain sentence. */
const ERROR_TYPE = 'text/plain; charset=utf-8';

export function scalar(text: string, etag?: string): Answer {
  return answer(200, 'application/text', text, tagged(etag));
}

/** `json` is the text of a JSON value. */
export function jsonText(json: string, etag?: string): Answer {
  return answer(200, 'application/json', json, tagged(etag));
}

/** Exactly `text/html`: Ruby takes an identity token in nothing else, not even with a charset behind it. */
export function identityToken(jwt: string): Answer {
  return answer(200, 'text/html', jwt, HEADERS);
}

/** `Location` without a host: the client stays where it found us, by whatever name. */
export function moved(path: string, query: string): Answer {
  return answer(301, 'text/html', `${path}\n`, { ...HEADERS, Location: `${path}${query}` });
}

function tagged(etag: string | undefined): Readonly<Record<string, string>> {
  return etag === undefined ? HEADERS : { ...HEADERS, ETag: etag };
}

export function errorAnswer(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return answer(status, ERROR_TYPE, text, { ...HEADERS, ...headers });
}

export const ROOT = scalar('computeMetadata/\n');
export const NOT_FOUND = errorAnswer(404, 'there is nothing at this path');
export const NO_ACCOUNT = errorAnswer(404, 'there is no service account of this name here');
export const NO_FLAVOR = errorAnswer(403, 'Missing required header "Metadata-Flavor": "Google"');
/** Nobody, or somebody who may not: the same words for both (invariant 5). */
export const FORBIDDEN = errorAnswer(403, 'the request is refused');
export const READ_ONLY = errorAnswer(405, 'metadata is read with GET', { Allow: 'GET, HEAD' });
export const NO_AUDIENCE = errorAnswer(400, 'non-empty audience parameter required');
export const TOO_MANY_WAITS = errorAnswer(503, 'too many requests wait for a change already');

/** The real server knows no malformed path, only one that is not there. */
export function refusal(status: number, reason: RefusalReason): Answer {
  if (reason === 'traversal') return NOT_FOUND;
  if (reason === 'method') return READ_ONLY;
  if (reason === 'query') return errorAnswer(400, 'the query is too long');
  return status === 403 ? FORBIDDEN : errorAnswer(status, 'the request is refused');
}

/** What gcloud asks for before each access token; anything but 200 and 404 ends it with a traceback. */
export const GCLOUD_AUDIENCE = '32555940559.apps.googleusercontent.com';

/** 404 is what clients take for "this account has none", whyever it has none. */
export function identityFailure(error: ValetkeyError, audience: string): Answer {
  const status = statusOf(error.code);
  return errorAnswer(status === 503 && audience !== GCLOUD_AUDIENCE ? 503 : 404, sentence(error));
}

export function tokenFailure(error: ValetkeyError): Answer {
  return errorAnswer(statusOf(error.code), sentence(error));
}

/**
 * 503 for what may pass, because Python (15 s) and Node (2 s) ask again after it; 403 for what a
 * person must mend, because every client shows its text and none asks again.
 */
function statusOf(code: ErrorCode): number {
  if (code === 'NOT_FOUND') return 404;
  if (code === 'INPUT_INVALID') return 400;
  const passing = ERRORS[code].retry === 'backoff' || code.startsWith('STORE_');
  return passing ? 503 : 403;
}

/** Table text, public details and what to do; of what broke inside, the table's words alone. */
function sentence(error: ValetkeyError): string {
  if (error.code === 'INTERNAL') return ERRORS.INTERNAL.message;
  return error.hint === undefined ? error.message : `${error.message}; ${error.hint}`;
}
