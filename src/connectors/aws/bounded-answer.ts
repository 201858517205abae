import { pipeline, Readable, Transform } from 'node:stream';
import type { NodeHttpHandler } from '@smithy/node-http-handler';

import { ValetkeyError } from '../../core/errors.ts';

/** The longest that is asked for are all buckets of a store that knows no pages: 200 bytes for each. */
const ANSWER_MAX_BYTES = 8 * 1024 * 1024;

/**
 * The same handler, whose answers end with `UPSTREAM_MALFORMED` when they grow too long: the SDK
 * would collect whatever comes, until the memory is full.
 */
export function boundAnswers(handler: NodeHttpHandler): NodeHttpHandler {
  const handle = handler.handle.bind(handler);
  handler.handle = async (request, options) => {
    const { response } = await handle(request, options);
    const body: unknown = response.body;
    if (body instanceof Readable) response.body = bounded(body);
    return { response };
  };
  return handler;
}

/** Ours as the cause: the SDK adds words of its own to the message of what it passes on. */
function tooLong(): Error {
  const cause = new ValetkeyError('UPSTREAM_MALFORMED', { reason: 'the answer is too long' });
  return new Error(cause.message, { cause });
}

function bounded(body: Readable): Readable {
  let bytes = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.byteLength;
      if (bytes <= ANSWER_MAX_BYTES) done(null, chunk);
      else done(tooLong());
    },
  });
  // What goes wrong is thrown to whoever reads.
  pipeline(body, limit, () => {});
  return limit;
}
