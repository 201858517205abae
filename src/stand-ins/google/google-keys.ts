import { certificate } from './certificate.ts';
import { keyId } from './ids.ts';
import type { JsonObject } from './json.ts';
import { signJwt } from './jwt.ts';
import type { KeySource } from './rsa-keys.ts';

export type GoogleKeys = ReturnType<typeof createGoogleKeys>;

/** Seconds an identity token lives. */
const ID_TOKEN_SECONDS = 3600;

export interface Identity {
  readonly audience: string;
  readonly authorizedParty: string;
  readonly subject: string;
  /** Absent = the token says nothing about the e-mail. */
  readonly email?: string | undefined;
}

/** The key that signs Google's identity tokens, and how others verify it. */
export function createGoogleKeys(keys: KeySource) {
  const kid = keyId();
  const pair = keys.next();
  const { publicKey, privateKey } = pair;
  return {
    /** https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload */
    identityToken(identity: Identity, now: number, more: JsonObject = {}): string {
      const iat = Math.floor(now / 1000);
      const claims = {
        aud: identity.audience,
        azp: identity.authorizedParty,
        ...(identity.email === undefined ? {} : { email: identity.email, email_verified: true }),
        exp: iat + ID_TOKEN_SECONDS,
        iat,
        iss: 'https://accounts.google.com',
        sub: identity.subject,
        ...more,
      };
      return signJwt(kid, claims, privateKey);
    },
    /** RFC 7517. */
    keySet: (): JsonObject => ({
      keys: [{ ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }],
    }),
    /** Key id → X.509 certificate. */
    certificates: (now: number): JsonObject => ({
      [kid]: certificate(pair, 'federated-signon.system.gserviceaccount.com', now),
    }),
  };
}
