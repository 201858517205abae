import { ValetkeyError } from '../../core/errors.ts';

export interface MetadataRequest {
  readonly url: string;
  readonly method?: 'GET' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  /** ms for connecting and, again, for the answer. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

export interface MetadataAnswer {
  readonly status: number;
  readonly text: string;
}

/** Credential documents are about 2 KiB. */
const MAX_ANSWER_BYTES = 65_536;

/**
 * One request to a local metadata service: never through a proxy, no redirects, everything bounded.
 * Throws `UPSTREAM_UNAVAILABLE` when nobody answers; a status is the caller's to judge.
 */
export async function askMetadata(ask: MetadataRequest): Promise<MetadataAnswer> {
  const { Agent, request } = await import('undici');
  const { timeout } = ask;
  const agent = new Agent({
    connect: { timeout },
    headersTimeout: timeout,
    bodyTimeout: timeout,
    maxResponseSize: MAX_ANSWER_BYTES,
  });
  try {
    const answer = await request(ask.url, {
      dispatcher: agent,
      method: ask.method ?? 'GET',
      headers: ask.headers ?? {},
      signal: ask.signal,
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  } catch (error) {
    ask.signal.throwIfAborted();
    throw new ValetkeyError('UPSTREAM_UNAVAILABLE', {
      reason: `nothing answers at ${new URL(ask.url).origin}`,
      cause: error,
    });
  } finally {
    await agent.destroy();
  }
}
