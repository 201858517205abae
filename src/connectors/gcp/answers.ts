import { z } from 'zod';

import { ValetkeyError } from '../../core/errors.ts';
import { secret } from '../../core/secret.ts';
import type { BearerToken, SignedIdToken } from './cloud.ts';
import type { GoogleAnswer } from './transport.ts';

/* Google's answers, checked: a token without an expiry that can be trusted is no token. */

/** Visible ASCII: it becomes part of a header. RFC 6750 section 2.1. */
export const token = z.string().regex(/^[\x21-\x7e]{1,16384}$/);
/** Seconds. Nothing Google issues lives for a month. */
export const seconds = z
  .number()
  .positive()
  .max(31 * 86_400);

/** Later is no date at all. ECMA-262, "Time Values and Time Range" */
const DATE_MAX_SECONDS = 8.64e12;

const OAuthToken = z.object({
  access_token: token,
  expires_in: seconds,
  scope: z.string().optional(),
  token_type: z
    .string()
    .regex(/^bearer$/i)
    .optional(),
  id_token: token.optional(),
});
const ExchangedToken = OAuthToken.extend({ expires_in: seconds.optional() });
const OAuthIdToken = z.object({ id_token: token });
const ImpersonatedToken = z.object({
  accessToken: token,
  expireTime: z.iso.datetime({ offset: true }),
});
const ImpersonatedIdToken = z.object({ token });
const SignedJwt = z.object({ signedJwt: token });
const Claims = z.object({
  exp: z.number().positive().max(DATE_MAX_SECONDS),
  iat: z.number().positive().optional(),
  aud: z.string().or(z.array(z.string())),
});
const Person = z.object({ email: z.string().min(1), email_verified: z.literal(true) });

/** Of the token endpoint and of STS. */
export function oauthToken(answer: GoogleAnswer, asked: readonly string[]): BearerToken {
  return bearer(checked(OAuthToken, answer.data), answer, asked);
}

/**
 * Of STS for a narrowed token, whose expiry is only said for some sources: it is never later than
 * the source's. https://cloud.google.com/iam/docs/downscoping-short-lived-credentials
 */
export function narrowedToken(answer: GoogleAnswer, source: BearerToken): BearerToken {
  const { access_token, expires_in } = checked(ExchangedToken, answer.data);
  const own = expires_in === undefined ? Infinity : answer.askedAt + expires_in * 1000;
  return {
    token: secret(access_token),
    expiresAt: Math.min(own, source.expiresAt),
    scopes: source.scopes,
  };
}

/**
 * Of `generateAccessToken`, which tells the time and not a duration. By a clock that is behind Google's
 * the token would seem to live on: never longer than the seconds that were asked for.
 */
export function impersonatedToken(
  { data, askedAt }: GoogleAnswer,
  { scopes, seconds: asked }: { readonly scopes: readonly string[]; readonly seconds: number },
): BearerToken {
  const { accessToken, expireTime } = checked(ImpersonatedToken, data);
  const expiresAt = Math.min(Date.parse(expireTime), askedAt + asked * 1000);
  return { token: secret(accessToken), expiresAt, scopes };
}

export function oauthIdToken({ data, askedAt }: GoogleAnswer, audience: string): SignedIdToken {
  return idTokenIn(checked(OAuthIdToken, data).id_token, audience, askedAt);
}

export function impersonatedIdToken(
  { data, askedAt }: GoogleAnswer,
  audience: string,
): SignedIdToken {
  return idTokenIn(checked(ImpersonatedIdToken, data).token, audience, askedAt);
}

export function signedJwt({ data }: GoogleAnswer): string {
  return checked(SignedJwt, data).signedJwt;
}

function bearer(
  { access_token, expires_in, scope, id_token }: z.output<typeof OAuthToken>,
  { askedAt }: GoogleAnswer,
  asked: readonly string[],
): BearerToken {
  const reported = scope?.split(' ').filter((word) => word !== '') ?? [];
  return {
    token: secret(access_token),
    expiresAt: askedAt + expires_in * 1000,
    scopes: reported.length > 0 ? reported : asked,
    ...(id_token === undefined ? {} : { email: emailIn(id_token) }),
  };
}

/** Straight from Google: OpenID Connect Core 3.1.3.7 needs no signature to be checked then. */
function emailIn(jwt: string): string | undefined {
  return Person.safeParse(claimsOf(jwt)).data?.email;
}

/**
 * A JWT whose claims say what was asked for, and until when it is valid: by a clock behind Google's no
 * longer than it lives by its own account. `askedAt`: ms. Throws `UPSTREAM_MALFORMED`.
 */
export function idTokenIn(jwt: string, audience: string, askedAt: number): SignedIdToken {
  const { aud, exp, iat } = checked(Claims, claimsOf(jwt));
  if (aud !== audience) {
    throw new ValetkeyError('UPSTREAM_MALFORMED', { reason: 'the token is for another audience' });
  }
  const life = iat === undefined ? Infinity : (exp - iat) * 1000;
  return { token: secret(jwt), expiresAt: Math.min(exp * 1000, askedAt + life) };
}

function claimsOf(jwt: string): unknown {
  const [, payload, signature] = jwt.split('.');
  if (payload === undefined || (signature ?? '') === '') return undefined;
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function checked<S extends z.ZodType>(shape: S, value: unknown): z.output<S> {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  // Zod's issues name fields, never their values; the answer itself holds tokens.
  const { message } = parsed.error;
  throw new ValetkeyError('UPSTREAM_MALFORMED', { cause: new Error(message) });
}
