import type { Dispatcher } from 'undici';

import { ValetkeyError } from '../../core/errors.ts';
import type { Machine } from '../contract.ts';
import { readBounded } from './bounded-body.ts';
import { openDispatcher } from './network.ts';

const CONNECT_MS = 3_000;
const DEADLINE_MS = 10_000;
const ANSWER_MAX_BYTES = 65_536;

export interface Outgoing {
  readonly url: URL;
  /** Absent: GET, or POST where there is a body. */
  readonly method?: 'GET' | 'POST' | 'PUT' | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Of the answer; 64 KiB when absent. */
  readonly maxBytes?: number | undefined;
  readonly signal: AbortSignal;
}

export interface Incoming {
  readonly status: number;
  /** A header's value by its name in any case; `undefined` when it is absent or repeated. */
  header(name: string): string | undefined;
  readonly text: string;
  /** By the machine's clock, ms since the epoch: what is issued lives from here at the earliest. */
  readonly askedAt: number;
}

/**
 * One exchange with a cloud. A status is the caller's to judge. Throws `UPSTREAM_UNAVAILABLE`,
 * `UPSTREAM_MALFORMED`, what a wrong proxy or bundle variable causes, or the signal's reason.
 */
export type Exchange = (outgoing: Outgoing) => Promise<Incoming>;

/**
 * The one way to a cloud's services: by the machine's own variables (`HTTPS_PROXY`, `NO_PROXY` and a CA
 * bundle that one of `caVariables` names) and nothing of the process's; no redirects, which would carry
 * a bearer elsewhere; no retries, which are the broker's; everything bounded.
 */
export function createExchange(
  { env, clock }: Machine,
  caVariables: readonly [string, ...string[]],
): Exchange {
  let opening: Promise<Dispatcher> | undefined;

  async function dispatcher(): Promise<Dispatcher> {
    opening ??= openDispatcher(env, caVariables, CONNECT_MS);
    try {
      return await opening;
    } catch (error) {
      // An unreadable bundle may be repaired: the next call tries again.
      opening = undefined;
      throw error;
    }
  }

  return async ({ url, method, headers, body, maxBytes = ANSWER_MAX_BYTES, signal }) => {
    signal.throwIfAborted();
    const [{ request }, connections] = await Promise.all([import('undici'), dispatcher()]);
    const askedAt = clock.now();
    const done = new AbortController();
    const late = new AbortController();
    clock.sleep(DEADLINE_MS, done.signal).then(
      () => late.abort(),
      () => {},
    );
    try {
      const answer = await request(url, {
        dispatcher: connections,
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: { 'user-agent': 'valetkey', ...headers },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.any([signal, late.signal]),
      });
      const text = await readBounded(answer.body, maxBytes);
      const header = (name: string) => {
        const value = answer.headers[name.toLowerCase()];
        return typeof value === 'string' ? value : undefined;
      };
      return { status: answer.statusCode, header, text, askedAt };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ValetkeyError) throw error;
      throw mapNetworkError(error, url.host, caVariables[0]);
    } finally {
      done.abort();
    }
  };
}

/** Problems of a certificate, as Node names them. */
const CERTIFICATE = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** Nobody answered, or not in HTTP. What was sent is not part of these errors. */
export function mapNetworkError(error: unknown, host: string, caVariable: string): ValetkeyError {
  const code = codeOf(error) ?? '';
  const cause = new Error(`${code} ${error instanceof Error ? error.message : ''}`.trim());
  if (code.startsWith('HPE_')) {
    return new ValetkeyError('UPSTREAM_MALFORMED', { reason: `${host} speaks no HTTP`, cause });
  }
  const hint = CERTIFICATE.test(code)
    ? { hint: `its certificate is not trusted here: set ${caVariable}` }
    : {};
  const upstreamCode = code === '' ? {} : { upstreamCode: code };
  return new ValetkeyError('UPSTREAM_UNAVAILABLE', {
    reason: `${host} cannot be reached`,
    ...hint,
    ...upstreamCode,
    cause,
  });
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, 'code');
  return codeOf(error.cause) ?? (typeof code === 'string' ? code : undefined);
}
