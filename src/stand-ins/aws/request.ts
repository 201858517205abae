import type { IncomingMessage } from 'node:http';
import { refusal } from './refusal.ts';

/** Bytes. A multipart part of the AWS CLI is 8 MiB and of Spark 64 MiB. */
const MAX_BODY_BYTES = 80 * 1024 * 1024;

/** One request as it was sent: nothing decoded, because the signature covers the raw spelling. */
export interface AwsRequest {
  readonly method: string;
  /** Path before `?`, still percent-encoded. */
  readonly path: string;
  /** Query after `?`, still percent-encoded. */
  readonly query: string;
  /** Lower-case names; a repeated header is joined with a comma, as the canonical request wants it. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Reads a whole request. A body over the bound is refused, not buffered. */
export async function readRequest(incoming: IncomingMessage): Promise<AwsRequest> {
  const target = incoming.url ?? '/';
  const mark = target.indexOf('?');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size > MAX_BODY_BYTES) {
      throw refusal('EntityTooLarge', 413, 'Your proposed upload exceeds the maximum allowed size');
    }
    chunks.push(bytes);
  }
  return {
    method: incoming.method ?? 'GET',
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? '' : target.slice(mark + 1),
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

/** What a service answers; the server adds the date and the request id. */
export interface AwsReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}
