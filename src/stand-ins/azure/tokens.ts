import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { certificate } from '../google/certificate.ts';
import type { JsonObject } from '../google/json.ts';
import type { KeySource } from '../google/rsa-keys.ts';
import { decodeJwt, signatureFits, signJwt } from './jwt.ts';
import type { Principal } from './principals.ts';

/** An access token and all that Entra knows about it. Times are ms since the epoch. */
export interface IssuedToken {
  readonly token: string;
  readonly principal: Principal;
  /** `aud`, as it was asked for. */
  readonly audience: string;
  /** Operation that issued it: `entra:client-secret`, `entra:refresh`, … */
  readonly via: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface TokenOrder {
  readonly principal: Principal;
  readonly audience: string;
  readonly via: string;
  /** The client a person used. */
  readonly clientId: string;
  /** How the client proved itself: 0 not at all, 1 by a secret, 2 by a signed assertion. */
  readonly proof: '0' | '1' | '2';
  /** Space-separated delegated permissions of a person's token. */
  readonly scopes?: string;
  /** By the clock of the visit. */
  readonly now: number;
  /** Seconds, where it is not the usual random time. */
  readonly seconds?: number;
  /** Claims beside the usual ones. */
  readonly claims?: JsonObject;
}

/** Why a token is not taken. */
export type TokenProblem = 'malformed' | 'signature' | 'issuer' | 'early' | 'expired' | 'revoked';

/** Seconds by which Entra dates tokens back, so that a slow clock does not refuse them. */
const DATED_BACK = 300;
const ID_TOKEN_SECONDS = 3600;

type Person = Extract<Principal, { kind: 'user' }>;

/** A person's name for one application alone. */
const pairwise = (objectId: string, audience: string): string =>
  createHash('sha256').update(`${objectId} ${audience}`).digest('base64url');

export type Tokens = ReturnType<typeof createTokens>;

/** The tenants' signing key and every access token it signed. */
export function createTokens(keys: KeySource, lifetime: () => number, now: () => number) {
  const pair = keys.next();
  const pem = certificate(pair, 'accounts.accesscontrol.windows.net', now());
  const der = Buffer.from(pem.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  const kid = createHash('sha1').update(der).digest('base64url');
  const tokens = new Map<string, IssuedToken>();
  const dead = new Set<string>();

  return {
    issue(order: TokenOrder): IssuedToken & { readonly expiresIn: number } {
      const seconds = Math.floor(order.now / 1000);
      const expiresIn = order.seconds ?? lifetime();
      const exp = seconds + expiresIn;
      const claims = claimsOf(order, seconds - DATED_BACK, exp);
      const token = signJwt({ x5t: kid, kid }, claims, pair.privateKey);
      const { principal, audience, via } = order;
      const issued = {
        token,
        principal,
        audience,
        via,
        issuedAt: order.now,
        expiresAt: exp * 1000,
      };
      tokens.set(token, issued);
      return { ...issued, expiresIn };
    },

    /** Who signed in: for the client itself. https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference */
    identityToken(person: Person, clientId: string, at: number): string {
      const { tenantId, objectId, upn, name } = person;
      const iat = Math.floor(at / 1000) - DATED_BACK;
      const claims = {
        aud: clientId,
        iss: `https://login.microsoftonline.com/${tenantId}/v2.0`,
        iat,
        nbf: iat,
        exp: iat + DATED_BACK + ID_TOKEN_SECONDS,
        name,
        oid: objectId,
        preferred_username: upn,
        sub: pairwise(objectId, clientId),
        tid: tenantId,
        ver: '2.0',
      };
      return signJwt({ kid }, claims, pair.privateKey);
    },

    /** What is behind a token that Entra signed and whose time it is; else what is wrong with it. */
    judge(token: string, at: number): IssuedToken | TokenProblem {
      const jwt = decodeJwt(token);
      if (jwt === undefined) return 'malformed';
      const { header, claims } = jwt;
      if (header['alg'] !== 'RS256' || header['kid'] !== kid) return 'signature';
      if (!signatureFits(jwt, pair.publicKey)) return 'signature';
      const issued = tokens.get(token);
      if (issued === undefined) return 'issuer';
      if (dead.has(token)) return 'revoked';
      const { nbf, exp } = claims;
      if (typeof nbf !== 'number' || at < nbf * 1000) return 'early';
      return typeof exp === 'number' && at < exp * 1000 ? issued : 'expired';
    },

    find: (token: string): IssuedToken | undefined => tokens.get(token),
    /** From now on refused by every service, as if its time were over. */
    expire: (token: string): void => void dead.add(token),
    /** Oldest first. */
    issued: (): readonly IssuedToken[] => [...tokens.values()],

    /** RFC 7517, with the certificate that Microsoft adds. */
    keySet: (): JsonObject => ({
      keys: [
        {
          ...pair.publicKey.export({ format: 'jwk' }),
          use: 'sig',
          kid,
          x5t: kid,
          x5c: [der.toString('base64')],
        },
      ],
    }),
  };
}

/** https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference, version 1.0 */
function claimsOf(order: TokenOrder, from: number, exp: number): JsonObject {
  const { principal, audience, clientId, proof } = order;
  const issuer = `https://sts.windows.net/${principal.tenantId}/`;
  const common = {
    aud: audience,
    iss: issuer,
    iat: from,
    nbf: from,
    exp,
    appid: clientId,
    appidacr: proof,
    oid: principal.objectId,
    rh: `1.${randomBytes(12).toString('base64url')}`,
    tid: principal.tenantId,
    uti: randomBytes(16).toString('base64url'),
    jti: randomUUID(),
    ver: '1.0',
    ...order.claims,
  };
  if (principal.kind === 'app') {
    return { ...common, idp: issuer, idtyp: 'app', sub: principal.objectId };
  }
  const { upn, name } = principal;
  const sub = pairwise(principal.objectId, audience);
  const scp = order.scopes ?? 'user_impersonation';
  return { ...common, amr: ['pwd'], idtyp: 'user', name, scp, sub, unique_name: upn, upn };
}
