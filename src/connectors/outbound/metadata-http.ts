import type { Clock } from '../../core/clock.ts';
import { ValetkeyError } from '../../core/errors.ts';

export interface MetadataRequest {
  readonly url: string;
  readonly method?: 'GET' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  /** ms for the whole of it. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface MetadataAnswer {
  readonly status: number;
  /** A header's value by its name in any case; `undefined` when it is absent or repeated. */
  header(name: string): string | undefined;
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
  const agent = new Agent({ maxResponseSize: MAX_ANSWER_BYTES });
  const done = new AbortController();
  const late = new AbortController();
  ask.clock.sleep(ask.timeout, done.signal).then(
    () => late.abort(),
    () => {},
  );
  try {
    const answer = await request(ask.url, {
      dispatcher: agent,
      method: ask.method ?? 'GET',
      headers: ask.headers ?? {},
      signal: AbortSignal.any([ask.signal, late.signal]),
    });
    return {
      status: answer.statusCode,
      header: (name) => {
        const value = answer.headers[name.toLowerCase()];
        return typeof value === 'string' ? value : undefined;
      },
      text: await answer.body.text(),
    };
  } catch (error) {
    ask.signal.throwIfAborted();
    throw new ValetkeyError('UPSTREAM_UNAVAILABLE', {
      reason: `nothing answers at ${new URL(ask.url).origin}`,
      cause: error,
    });
  } finally {
    done.abort();
    await agent.destroy();
  }
}
