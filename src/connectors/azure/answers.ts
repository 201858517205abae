import { z } from 'zod';

import { ValetkeyError } from '../../core/errors.ts';
import { secret } from '../../core/secret.ts';
import type { Incoming } from '../outbound/exchange.ts';
import { readClaims } from './claims.ts';
import type { EntraToken, PersonToken } from './cloud.ts';

/* Entra's answers, checked: a token without an expiry that can be trusted is no token. */

/** Visible ASCII: it becomes part of a header. RFC 6750 section 2.1. */
export const token = z.string().regex(/^[\x21-\x7e]{1,65536}$/);

/** Managed-identity endpoints write numbers as texts. Nothing Azure issues lives for a month. */
export const seconds = z.coerce
  .number()
  .positive()
  .max(31 * 86_400);

const OAuthToken = z.object({
  access_token: token,
  expires_in: seconds,
  token_type: z
    .string()
    .regex(/^bearer$/i)
    .optional(),
  refresh_token: token.optional(),
  id_token: token.optional(),
});

/** Of the token endpoint. https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
export function entraToken(answer: Pick<Incoming, 'text' | 'askedAt'>): EntraToken {
  return tokenOf(checked(OAuthToken, answer.text), answer.askedAt);
}

/** The same, with what renews it. An access token for another service may be opaque; the identity token is not. */
export function personToken(answer: Pick<Incoming, 'text' | 'askedAt'>): PersonToken {
  const found = checked(OAuthToken, answer.text);
  const { claims, ...issued } = tokenOf(found, answer.askedAt);
  const said = found.id_token === undefined ? claims : readClaims(found.id_token).claims;
  return {
    ...issued,
    claims: {
      tenantId: claims.tenantId ?? said.tenantId,
      objectId: claims.objectId ?? said.objectId,
      clientId: claims.clientId,
      name: claims.name ?? said.name,
      audience: claims.audience,
    },
    ...(found.refresh_token === undefined ? {} : { refreshToken: secret(found.refresh_token) }),
  };
}

/**
 * By the machine's clock when it was asked for, and never longer than the token lives by its own account: `exp`
 * counts by itself too, for a clock that is ahead of Entra's serves nothing that has ended there.
 */
export function tokenOf(
  found: { readonly access_token: string; readonly expires_in: number },
  askedAt: number,
): EntraToken {
  const { claims, issued, expires } = readClaims(found.access_token);
  const life = issued === undefined || expires === undefined ? Infinity : expires - issued;
  const lasts = askedAt + Math.min(found.expires_in, life) * 1000;
  const expiresAt = expires === undefined ? lasts : Math.min(lasts, expires * 1000);
  return { token: secret(found.access_token), expiresAt, claims };
}

/** A JSON text by its shape. Throws `UPSTREAM_MALFORMED`, never quoting it. */
export function checked<S extends z.ZodType>(shape: S, text: string): z.output<S> {
  const parsed = shape.safeParse(json(text));
  if (parsed.success) return parsed.data;
  // Zod's issues name fields, never their values; the answer itself holds tokens.
  const { message } = parsed.error;
  throw new ValetkeyError('UPSTREAM_MALFORMED', { cause: new Error(message) });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not the parser's own error: it quotes the text, which may hold a token.
    throw new ValetkeyError('UPSTREAM_MALFORMED', { reason: 'the answer is no JSON' });
  }
}
