import { ValetkeyError } from '../../../core/errors.ts';
import { secret, type Secret } from '../../../core/secret.ts';
import type { TokenFormat } from '../credential-source.ts';

/** Bytes of a file or an answer that holds a subject token; the longest are SAML assertions. */
export const SUBJECT_TOKEN_MAX_BYTES = 65_536;

/** The token in a source's text. Throws `UPSTREAM_MALFORMED` naming the source, never quoting it. */
export function tokenIn(text: string, format: TokenFormat, subject: string): Secret {
  const token = (format.type === 'text' ? text : fieldOf(text, format.field, subject)).trim();
  if (token !== '' && !/\s/.test(token)) return secret(token);
  throw malformed(subject, token === '' ? 'it holds no token' : 'this is no token: it has spaces');
}

function fieldOf(text: string, field: string, subject: string): string {
  const value = objectOf(text, subject);
  const token = Object.hasOwn(value, field) ? Reflect.get(value, field) : undefined;
  if (typeof token === 'string') return token;
  throw malformed(subject, 'its subject_token_field_name holds no text');
}

function objectOf(text: string, subject: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own words would quote the token.
  }
  if (typeof value === 'object' && value !== null) return value;
  throw malformed(subject, 'it is no JSON object');
}

export function malformed(subject: string, reason: string): ValetkeyError {
  return new ValetkeyError('UPSTREAM_MALFORMED', { subject, reason });
}
