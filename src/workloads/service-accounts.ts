import { readFile } from 'node:fs/promises';

import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';

import type { Clock } from '../core/clock.ts';
import { ValetkeyError } from '../core/errors.ts';

export interface ServiceAccountRules {
  readonly jwksFile: string;
  readonly issuer: string | undefined;
  readonly audience: string;
}

/**
 * Verifies a Kubernetes service-account token: signature (asymmetric algorithms only), audience,
 * times. Returns its subject; `undefined` when signed by nobody we know or meant for somebody else.
 * Throws `UPSTREAM_INVALID` for what is malformed, expired or not yet valid.
 * https://kubernetes.io/docs/concepts/security/service-accounts/#authenticating-credentials
 */
export type VerifyServiceAccount = (jwt: string) => Promise<string | undefined>;

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'];

export function createServiceAccountVerifier(
  rules: ServiceAccountRules,
  clock: Clock,
): VerifyServiceAccount {
  return async (jwt) => {
    // Read each time: the API server's keys rotate, and the file is small.
    const keys = await readKeys(rules.jwksFile);
    try {
      const { payload } = await jwtVerify(jwt, keys, {
        audience: rules.audience,
        ...(rules.issuer === undefined ? {} : { issuer: rules.issuer }),
        algorithms: ALGORITHMS,
        currentDate: new Date(clock.now()),
        requiredClaims: ['exp', 'sub'],
      });
      return payload.sub;
    } catch (error) {
      if (isForeign(error)) return undefined;
      throw new ValetkeyError('UPSTREAM_INVALID', {
        reason: 'the service-account token is malformed or not valid now',
        cause: error,
      });
    }
  };
}

/** Well-formed and current, but not from our issuer or not for us: 403 rather than 400. */
function isForeign(error: unknown): boolean {
  return (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    (error instanceof errors.JWTClaimValidationFailed &&
      (error.claim === 'aud' || error.claim === 'iss'))
  );
}

async function readKeys(file: string): Promise<ReturnType<typeof createLocalJWKSet>> {
  try {
    return createLocalJWKSet(JSON.parse(await readFile(file, 'utf8')) as JSONWebKeySet);
  } catch (error) {
    throw new ValetkeyError('CONFIG_INVALID', {
      subject: 'pod_identity.jwks_file',
      reason: 'it is not a readable JSON Web Key Set',
      cause: error,
    });
  }
}
