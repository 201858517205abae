import { createLocalJWKSet, decodeJwt, errors, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import type { JsonObject } from '../json.ts';
import type { Provider } from '../pools.ts';
import { oauthRefusal } from '../refusal.ts';
import type { Refusal } from '../refusal.ts';

/** https://cloud.google.com/iam/docs/workload-identity-federation-with-other-providers#prepare */
const MAX_LIFETIME_SECONDS = 24 * 3600;

/** What an identity token of the provider's issuer says, once it is proven. */
export async function idTokenClaims(
  provider: Provider,
  token: string,
  now: number,
): Promise<JsonObject> {
  const { oidc } = provider;
  if (oidc === undefined) throw new Error('a provider without an issuer was asked');
  const shown = look(token);
  if (shown.iss !== oidc.issuer) {
    throw invalidGrant(
      `The issuer in ID Token ${String(shown.iss)} does not match the expected ones: ${oidc.issuer}`,
    );
  }
  const audiences = oidc.allowedAudiences ?? [provider.audience, `https:${provider.audience}`];
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet(oidc.jwks), {
      issuer: oidc.issuer,
      audience: [...audiences],
      algorithms: ['RS256', 'ES256'],
      requiredClaims: ['sub', 'aud', 'iat', 'exp'],
      currentDate: new Date(now),
    });
    if ((payload.exp ?? 0) - (payload.iat ?? 0) > MAX_LIFETIME_SECONDS) {
      throw invalidGrant('The ID Token lives longer than 24 hours.');
    }
    return payload;
  } catch (error) {
    throw error instanceof errors.JOSEError ? refusalOf(error, shown, audiences) : error;
  }
}

function look(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch {
    throw invalidGrant('Unable to parse the ID Token.');
  }
}

function refusalOf(
  error: errors.JOSEError,
  shown: JWTPayload,
  audiences: readonly string[],
): Refusal {
  if (error instanceof errors.JWTExpired) {
    return invalidGrant(`ID Token ${String(shown.iss)} is stale to sign-in.`);
  }
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud') {
    return invalidGrant(
      `The audience in ID Token [${[shown.aud ?? []].flat().join(', ')}] does not match the expected audience ${audiences[0] ?? ''}.`,
    );
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return invalidGrant(`The ID Token has a missing or wrong claim: ${error.claim}.`);
  }
  return invalidGrant('Error verifying the signature of the ID Token.');
}

function invalidGrant(message: string): Refusal {
  return oauthRefusal(400, 'invalid_grant', message);
}
