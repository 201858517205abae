import { z } from 'zod';

import { ValetkeyError, type ErrorCode } from '../../core/errors.ts';
import type { Incoming } from '../outbound/exchange.ts';
import { withoutSecrets } from '../outbound/vendor-text.ts';

/** What a person may do about a refusal, by its status. */
export interface Hints {
  readonly forbidden?: string | undefined;
  readonly notFound?: string | undefined;
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'UPSTREAM_DENIED',
  403: 'UPSTREAM_DENIED',
  408: 'UPSTREAM_UNAVAILABLE',
  429: 'UPSTREAM_THROTTLED',
};

const ArmBody = z.object({ error: z.object({ code: z.string() }) });

/**
 * An answer of Resource Manager (JSON) or of storage (`x-ms-error-code`) that is no success, as ours.
 * Its text is kept in `cause`. https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes
 */
export function refusedCall(answer: Incoming, hints: Hints): ValetkeyError {
  const { status, text } = answer;
  const said = answer.header('x-ms-error-code') ?? ArmBody.safeParse(parsed(text)).data?.error.code;
  const hint = status === 403 ? hints.forbidden : status === 404 ? hints.notFound : undefined;
  return new ValetkeyError(codeOf(status, said), {
    ...(hint === undefined ? {} : { hint }),
    ...(said === undefined ? {} : { upstreamCode: said }),
    ...waitAsked(answer),
    cause: new Error(`status ${status}: ${withoutSecrets(text, [])}`),
  });
}

/** How long Azure asks to be left alone; it writes seconds, never a date. RFC 9110 section 10.2.3 */
export function waitAsked(answer: Incoming): { readonly retryAfterMs?: number } {
  const after = Number(answer.header('retry-after'));
  return Number.isInteger(after) && after > 0 ? { retryAfterMs: after * 1000 } : {};
}

function codeOf(status: number, said: string | undefined): ErrorCode {
  const known = CODES[status];
  if (known !== undefined) return known;
  // So storage says that too much was asked.
  if (status === 503 && said === 'ServerBusy') return 'UPSTREAM_THROTTLED';
  if (status >= 500) return 'UPSTREAM_UNAVAILABLE';
  return status >= 400 && said !== undefined ? 'UPSTREAM_INVALID' : 'UPSTREAM_MALFORMED';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
