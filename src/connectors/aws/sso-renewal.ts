import { LRUCache } from 'lru-cache';

import type { Clock } from '../../core/clock.ts';
import type { SsoToken } from './cloud.ts';

const MAX_SIGN_INS = 256;

/** A token with less left is renewed. ms; the AWS SDK for JavaScript's EXPIRE_WINDOW_MS. */
export const RENEW_WITHIN_MS = 5 * 60_000;

type Renew = (token: SsoToken, region: string) => Promise<SsoToken>;

/**
 * One refresh per sign-in at a time. A refresh spends its refresh token, so whoever still holds the
 * spent one, because the store was read before the new one was written, is given what the first
 * refresh brought. A sign-in is known by its client id: each registers a client of its own.
 */
export function createRenewal(renew: Renew, clock: Clock): Renew {
  const newest = new LRUCache<string, SsoToken>({ max: MAX_SIGN_INS });
  const running = new Map<string, Promise<SsoToken>>();

  async function renewOnce(token: SsoToken, region: string): Promise<SsoToken> {
    const renewed = await renew(token, region);
    newest.set(token.clientId, renewed);
    return renewed;
  }

  return async (token, region) => {
    const known = newest.get(token.clientId);
    const latest = known !== undefined && known.expiresAt > token.expiresAt ? known : token;
    if (latest !== token && latest.expiresAt - clock.now() > RENEW_WITHIN_MS) return latest;
    const started = running.get(token.clientId);
    if (started !== undefined) return await started;
    const run = renewOnce(latest, region);
    running.set(token.clientId, run);
    try {
      return await run;
    } finally {
      running.delete(token.clientId);
    }
  };
}
