import { ValetkeyError } from '../../core/errors.ts';

/** An answer's body as text. Throws `UPSTREAM_MALFORMED` when it has more than `maxBytes`. */
export async function readBounded(
  body: AsyncIterable<Uint8Array> | null,
  maxBytes: number,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      throw new ValetkeyError('UPSTREAM_MALFORMED', { reason: 'the answer is too long' });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
