import { z } from 'zod';

import type { EntraToken } from './cloud.ts';

const text = z.string().min(1).optional().catch(undefined);
const time = z.number().positive().optional().catch(undefined);

/** https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference */
const Claims = z.object({
  tid: text,
  oid: text,
  appid: text,
  azp: text,
  upn: text,
  preferred_username: text,
  unique_name: text,
  app_displayname: text,
  aud: text,
  iat: time,
  exp: time,
  scp: text,
});

export interface ReadClaims extends Pick<EntraToken, 'claims'> {
  /** Is it a person's, and what is the person's name (UPN)? Applications can choose theirs, so it is no name. */
  readonly person: { readonly upn: string | undefined } | undefined;
  /** Seconds since the epoch, by Entra's clock. */
  readonly issued: number | undefined;
  readonly expires: number | undefined;
}

/**
 * What a token says of itself, unverified: for people and for telling its expiry, never for a decision
 * on who somebody is. Tokens need not be JWTs (those of personal accounts are not): then nothing is known.
 */
export function readClaims(token: string): ReadClaims {
  const found = Claims.safeParse(decoded(token)).data;
  return {
    claims: {
      tenantId: found?.tid,
      objectId: found?.oid,
      clientId: found?.appid ?? found?.azp,
      name: found?.upn ?? found?.preferred_username ?? found?.unique_name ?? found?.app_displayname,
      audience: found?.aud,
    },
    person: found?.scp === undefined && found?.upn === undefined ? undefined : { upn: found.upn },
    issued: found?.iat,
    expires: found?.exp,
  };
}

/** By hand: a library for it would be loaded at every start. */
function decoded(token: string): unknown {
  try {
    const [, payload = '', ...rest] = token.split('.');
    if (rest.length !== 1) return undefined;
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
