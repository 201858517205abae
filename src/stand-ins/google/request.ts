import type { IncomingMessage } from 'node:http';
import { apiRefusal } from './refusal.ts';

/** Bytes. Clients upload objects in one request up to 8 MiB, and resume in parts of 8..100 MiB. */
const MAX_BODY_BYTES = 128 * 1024 * 1024;

/** One request as it was sent. */
export interface GoogleRequest {
  readonly method: string;
  /** Path before `?`, still percent-encoded: an object's name may hold encoded slashes. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names; a repeated header is joined with a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Reads a whole request. A body over the bound is refused, not buffered. */
export async function readRequest(incoming: IncomingMessage): Promise<GoogleRequest> {
  const target = incoming.url ?? '/';
  const mark = target.indexOf('?');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size > MAX_BODY_BYTES) throw apiRefusal(413, 'INVALID_ARGUMENT', 'Request too large.');
    chunks.push(bytes);
  }
  return {
    method: incoming.method ?? 'GET',
    path: mark === -1 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1)),
    headers: joinHeaders(incoming.rawHeaders),
    body: Buffer.concat(chunks),
  };
}

/** Reads Node's flat list, which keeps the repeats that `headers` drops or merges. */
function joinHeaders(raw: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase();
    const value = raw[at + 1] ?? '';
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}

/** The media type without its parameters, lower case. */
export function mediaType(request: GoogleRequest): string {
  return (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}
