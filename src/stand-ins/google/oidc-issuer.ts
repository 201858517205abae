import type { JSONWebKeySet } from 'jose';
import { keyId } from './ids.ts';
import type { JsonObject } from './json.ts';
import { signJwt } from './jwt.ts';
import { createKeySource } from './rsa-keys.ts';
import type { KeySource } from './rsa-keys.ts';

/** Somebody else's identity provider, whose tokens a pool may trust. */
export interface OidcIssuer {
  /** As the tokens' `iss`; nothing is served there. */
  readonly issuer: string;
  readonly jwks: JSONWebKeySet;
  /** A token of one hour; claims given win over the usual ones. */
  mint(claims: JsonObject): string;
}

export interface OidcIssuerOptions {
  readonly issuer?: string;
  readonly now?: () => number;
  /** Where its key comes from: two issuers of one source have two keys. */
  readonly keys?: KeySource;
}

export function oidcIssuer(options: OidcIssuerOptions = {}): OidcIssuer {
  const { issuer = 'https://issuer.example', now = Date.now, keys = createKeySource() } = options;
  const { publicKey, privateKey } = keys.next();
  const kid = keyId();
  return {
    issuer,
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }] },
    mint(claims) {
      const iat = Math.floor(now() / 1000);
      return signJwt(kid, { iss: issuer, iat, exp: iat + 3600, ...claims }, privateKey);
    },
  };
}
