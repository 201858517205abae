import { z } from 'zod';

import { ValetkeyError } from '../../core/errors.ts';
import { withoutSecrets } from '../outbound/vendor-text.ts';
import { AADSTS, OAUTH, type Row } from './entra-codes.ts';

/** What Entra answered instead of a token. */
export interface Refused {
  readonly status: number;
  readonly body: string;
  /** Texts that were sent and must not come back in a log. */
  readonly sent: readonly string[];
  /** How long it asks to be left alone, ms. */
  readonly retryAfterMs?: number;
}

const Body = z.object({
  error: z.string(),
  error_description: z.string().catch(''),
  error_codes: z.array(z.int().positive()).catch([]),
});

interface Said {
  /** RFC 6749's word. */
  readonly error: string;
  readonly aadsts: number | undefined;
}

/** An answer that is no success, as ours. Its text is kept in `cause`, without what looks secret. */
export function mapRefusal(refused: Refused): ValetkeyError {
  const said = saidBy(refused.body);
  const [code, hint] = rowOf(refused.status, said);
  const upstreamCode = said?.aadsts === undefined ? said?.error : `AADSTS${said.aadsts}`;
  return new ValetkeyError(code, {
    ...(hint === undefined ? {} : { hint }),
    ...(upstreamCode === undefined ? {} : { upstreamCode }),
    ...(refused.retryAfterMs === undefined ? {} : { retryAfterMs: refused.retryAfterMs }),
    cause: new Error(`status ${refused.status}: ${withoutSecrets(refused.body, refused.sent)}`),
  });
}

/** Entra's own word and number; `undefined` when it is not an error as Entra writes them. */
export function saidBy(body: string): Said | undefined {
  const found = Body.safeParse(parsed(body)).data;
  if (found === undefined) return undefined;
  const [first] = found.error_codes;
  const told = /\bAADSTS(\d{4,8})\b/.exec(found.error_description)?.[1];
  return { error: found.error, aadsts: first ?? (told === undefined ? undefined : Number(told)) };
}

function rowOf(status: number, said: Said | undefined): Row {
  if (status === 429) return ['UPSTREAM_THROTTLED'];
  const row = said?.aadsts === undefined ? undefined : AADSTS[said.aadsts];
  if (row !== undefined && status >= 400) return row;
  if (status === 408 || status >= 500) return ['UPSTREAM_UNAVAILABLE'];
  if (status === 407) return ['UPSTREAM_UNAVAILABLE', 'the proxy asks for a login'];
  if (status < 400 || said === undefined) return ['UPSTREAM_MALFORMED'];
  return oauthRow(said.error) ?? ['UPSTREAM_INVALID'];
}

function oauthRow(error: string): Row | undefined {
  return Object.hasOwn(OAUTH, error) ? OAUTH[error] : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
