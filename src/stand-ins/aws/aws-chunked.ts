import { ALGORITHM, hmac, sha256Hex } from './canonical.ts';

/**
 * Decodes an `aws-chunked` body: `size[;chunk-signature=…]CRLF data CRLF … 0 CRLF trailers CRLF`.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export interface ChunkSigner {
  readonly key: Buffer;
  /** `x-amz-date`, as sent. */
  readonly date: string;
  readonly scope: string;
  /** Signature of the request itself: each chunk signs the one before. */
  readonly seed: string;
}

export interface DecodedBody {
  readonly payload: Buffer;
  readonly trailers: ReadonlyMap<string, string>;
}

export type ChunkProblem = 'malformed' | 'wrong-signature';

const EMPTY_HASH = sha256Hex('');

export function decodeAwsChunked(
  body: Buffer,
  signer: ChunkSigner | undefined,
): DecodedBody | ChunkProblem {
  const parts: Buffer[] = [];
  let at = 0;
  let previous = signer?.seed ?? '';
  for (;;) {
    const end = body.indexOf('\r\n', at);
    if (end === -1) return 'malformed';
    const head = /^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(
      body.toString('latin1', at, end),
    );
    if (head === null) return 'malformed';
    const size = Number.parseInt(head[1] ?? '', 16);
    const data = body.subarray(end + 2, end + 2 + size);
    if (data.length !== size) return 'malformed';
    if (signer !== undefined) {
      const signature = sign(signer, `${ALGORITHM}-PAYLOAD`, previous, [
        EMPTY_HASH,
        sha256Hex(data),
      ]);
      if (signature !== head[2]) return 'wrong-signature';
      previous = signature;
    }
    at = end + 2 + size;
    if (size === 0) return readTrailers(body.toString('latin1', at), parts, signer, previous);
    if (body.toString('latin1', at, at + 2) !== '\r\n') return 'malformed';
    parts.push(data);
    at += 2;
  }
}

function readTrailers(
  text: string,
  parts: readonly Buffer[],
  signer: ChunkSigner | undefined,
  previous: string,
): DecodedBody | ChunkProblem {
  const trailers = new Map<string, string>();
  for (const line of text.split(/\r?\n/).filter((part) => part !== '')) {
    const mark = line.indexOf(':');
    if (mark < 1) return 'malformed';
    trailers.set(line.slice(0, mark).toLowerCase(), line.slice(mark + 1).trim());
  }
  const signature = trailers.get('x-amz-trailer-signature');
  trailers.delete('x-amz-trailer-signature');
  if (signer !== undefined && trailers.size > 0) {
    const block = [...trailers].map(([name, value]) => `${name}:${value}\n`).join('');
    const wanted = sign(signer, `${ALGORITHM}-TRAILER`, previous, [sha256Hex(block)]);
    if (signature !== wanted) return 'wrong-signature';
  }
  return { payload: Buffer.concat(parts), trailers };
}

function sign(
  signer: ChunkSigner,
  algorithm: string,
  previous: string,
  hashes: readonly string[],
): string {
  const text = [algorithm, signer.date, signer.scope, previous, ...hashes].join('\n');
  return hmac(signer.key, text).toString('hex');
}
