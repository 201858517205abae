import { secret, type Secret } from '../../core/secret.ts';
import type { LoginResult } from '../contract.ts';
import type { SsoToken } from './cloud.ts';

/*
 * A sign-in at IAM Identity Center, as the secret store keeps it.
 */

const FIELDS = {
  accessToken: 'sso_access_token',
  refreshToken: 'sso_refresh_token',
  clientId: 'sso_client_id',
  clientSecret: 'sso_client_secret',
  clientSecretExpiresAt: 'sso_client_secret_expires_at',
  expiresAt: 'sso_token_expires_at',
} as const;

/**
 * Kept as long as it can be of use: a token that can be refreshed as long as its client may ask.
 * When the sign-in itself ends only Identity Center knows.
 */
export function loginOfToken(token: SsoToken): LoginResult {
  const { refreshToken, expiresAt, clientSecretExpiresAt } = token;
  const fields: Record<string, Secret> = {
    [FIELDS.accessToken]: token.accessToken,
    [FIELDS.clientId]: secret(token.clientId),
    [FIELDS.clientSecret]: token.clientSecret,
    [FIELDS.clientSecretExpiresAt]: secret(String(clientSecretExpiresAt)),
    [FIELDS.expiresAt]: secret(String(expiresAt)),
  };
  if (refreshToken === undefined) return { fields, expiresAt };
  return {
    fields: { ...fields, [FIELDS.refreshToken]: refreshToken },
    expiresAt: Math.max(expiresAt, clientSecretExpiresAt),
  };
}

/** `undefined` when nothing was kept, or something else than a sign-in. */
export function tokenOfLogin(
  login: Readonly<Record<string, Secret>> | undefined,
): SsoToken | undefined {
  const accessToken = login?.[FIELDS.accessToken];
  if (login === undefined || accessToken === undefined) return undefined;
  return {
    accessToken,
    refreshToken: login[FIELDS.refreshToken],
    clientId: login[FIELDS.clientId]?.reveal() ?? '',
    clientSecret: login[FIELDS.clientSecret] ?? secret(''),
    clientSecretExpiresAt: numberOf(login[FIELDS.clientSecretExpiresAt]),
    expiresAt: numberOf(login[FIELDS.expiresAt]),
  };
}

/** ms since the epoch. What is no number counts as the past. */
function numberOf(value: Secret | undefined): number {
  const number = Number(value?.reveal());
  return Number.isFinite(number) ? number : 0;
}
