import { ValetkeyError, type ErrorCode } from '../../core/errors.ts';
import type { Machine } from '../contract.ts';
import { readBounded } from './bounded-body.ts';
import { keepsSecrets } from './near-hosts.ts';
import { openDispatcher } from './network.ts';

const TIMEOUT_MS = 10_000;
const CONNECT_MS = 3_000;
const BODY_MAX_BYTES = 65_536;

const STATUSES: Readonly<Record<number, ErrorCode>> = {
  401: 'UPSTREAM_BAD_CREDENTIAL',
  403: 'UPSTREAM_DENIED',
  408: 'UPSTREAM_UNAVAILABLE',
  429: 'UPSTREAM_THROTTLED',
};

export interface TokenRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly env: Machine['env'];
  /** Variables that may name a file with certificate authorities. */
  readonly caVariables: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * One GET whose answer is a token. No redirect is followed: it would carry the bearer elsewhere.
 * Plain HTTP only to this machine and its link.
 */
export async function fetchText({
  url,
  headers,
  env,
  caVariables,
  signal,
}: TokenRequest): Promise<string> {
  if (!keepsSecrets(url)) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'token_url',
      reason: 'a token is only fetched by https, or from this machine itself',
    });
  }
  signal.throwIfAborted();
  const [{ fetch }, dispatcher] = await Promise.all([
    import('undici'),
    openDispatcher(env, caVariables, CONNECT_MS),
  ]);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    const response = await fetch(url, { headers, dispatcher, redirect: 'manual', signal: limit });
    if (response.status !== 200) throw refused(response.status);
    return await readBounded(response.body, BODY_MAX_BYTES);
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    if (cause instanceof ValetkeyError) throw cause;
    throw new ValetkeyError('UPSTREAM_UNAVAILABLE', { subject: url.host, cause });
  } finally {
    await dispatcher.destroy();
  }
}

function refused(status: number): ValetkeyError {
  const code = STATUSES[status] ?? (status >= 500 ? 'UPSTREAM_UNAVAILABLE' : 'UPSTREAM_INVALID');
  return new ValetkeyError(code, { reason: `the token’s URL answers with status ${status}` });
}
