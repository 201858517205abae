import { decodeJwt } from '../jwt.ts';
import type { DecodedJwt } from '../jwt.ts';
import { oauthRefusal } from './aadsts.ts';

/** Seconds by which the clocks may differ. */
const SKEW = 300;

export function decodeAssertion(text: string): DecodedJwt {
  const jwt = decodeJwt(text);
  if (jwt === undefined) throw malformed('it is no signed JWT');
  return jwt;
}

/** `exp` must be there; `nbf` may. */
export function checkTimes({ claims }: DecodedJwt, now: number): void {
  const { exp, nbf } = claims;
  if (typeof exp !== 'number') throw malformed("the 'exp' claim is missing or no number");
  if (nbf !== undefined && typeof nbf !== 'number') throw malformed("'nbf' is no number");
  const seconds = now / 1000;
  if (seconds < exp + SKEW && seconds >= (nbf ?? 0) - SKEW) return;
  const iso = (at: number): string => new Date(at * 1000).toISOString();
  throw oauthRefusal(
    700024,
    `Client assertion is not within its valid time range. Current time: ${iso(seconds)}, assertion valid from ${iso(nbf ?? 0)}, expiry time of assertion ${iso(exp)}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials.`,
  );
}

export function malformed(why: string): Error {
  return oauthRefusal(50027, `JWT token is invalid or malformed: ${why}.`);
}
