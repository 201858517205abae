import type { IncomingMessage } from 'node:http';

/** Bytes: one block of a blob as clients send it, and more than any other request needs. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** One request as it was sent. */
export interface AzureRequest {
  readonly method: string;
  /** Path before `?`, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names; a repeated header is joined with a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Address of the caller, as a SAS may bind it. */
  readonly peer: string;
}

/** Reads a whole request; undefined when its body is over the bound. */
export async function readRequest(incoming: IncomingMessage): Promise<AzureRequest | undefined> {
  const target = incoming.url ?? '/';
  const mark = target.indexOf('?');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(bytes);
  }
  const headers = joinHeaders(incoming.rawHeaders);
  return {
    method: incoming.method ?? 'GET',
    path: accountOf(headers) + (mark === -1 ? target : target.slice(0, mark)),
    query: new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1)),
    headers,
    body: Buffer.concat(chunks),
    peer: (incoming.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
  };
}

/** A blob host that a test bed leads here by its hosts file: its account becomes the first part of the path. */
function accountOf(headers: ReadonlyMap<string, string>): string {
  const host = headers.get('host') ?? '';
  const account = /^([a-z0-9]{3,24})\.blob\.core\.windows\.net$/.exec(host)?.[1];
  return account === undefined ? '' : `/${account}`;
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
export function mediaType(request: AzureRequest): string {
  return (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}
