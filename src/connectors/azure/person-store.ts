import { ValetkeyError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { LoginResult } from '../contract.ts';
import type { PersonToken } from './cloud.ts';

/* A person's login, as the secret store keeps it. */

const FIELD = 'refresh_token';

/**
 * Entra does not say how long a refresh token lives: 90 days after its last use, unless the directory
 * ends it before. https://learn.microsoft.com/entra/identity-platform/refresh-tokens#token-lifetime
 */
const REFRESH_DAYS_MS = 90 * 86_400_000;

/** `now`: ms since the epoch. Throws `UPSTREAM_MALFORMED` when Entra gave nothing that renews it. */
export function loginOfToken({ refreshToken }: PersonToken, now: number): LoginResult {
  if (refreshToken === undefined) {
    throw new ValetkeyError('UPSTREAM_MALFORMED', {
      reason: 'Entra gave no refresh token',
      hint: 'check that client_id may have offline_access',
    });
  }
  return { fields: { [FIELD]: refreshToken }, expiresAt: now + REFRESH_DAYS_MS };
}

/** `undefined` when nobody has logged in. */
export function refreshTokenIn(
  login: Readonly<Record<string, Secret>> | undefined,
): Secret | undefined {
  return login?.[FIELD];
}

/** Keeps what an answer brought in place of the token that was used. */
export async function keepNewest(
  issued: PersonToken,
  now: number,
  save: (result: LoginResult) => Promise<void>,
): Promise<void> {
  if (issued.refreshToken === undefined) return;
  try {
    await save(loginOfToken(issued, now));
  } catch {
    // The old one goes on to work. A store that is locked for the moment must not cost a credential
    // that can be had.
  }
}
