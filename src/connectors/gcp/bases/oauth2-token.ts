import { ValetkeyError } from '../../../core/errors.ts';
import type { Secret } from '../../../core/secret.ts';
import type { Base } from '../cloud.ts';
import { DEFAULT_SCOPES } from '../scopes.ts';

/** An access token that was obtained elsewhere; `expiresAt` in ms since the epoch. Its scopes are what they are. */
export function oauth2TokenBase(
  token: Secret,
  {
    expiresAt,
    scopes,
    principal,
    name,
  }: {
    readonly expiresAt: number | undefined;
    readonly scopes?: readonly string[] | undefined;
    readonly principal?: string | undefined;
    /** Of the connector, for the hint. */
    readonly name: string;
  },
  now: () => number,
): Base {
  const hint = `store a fresh one: valetkey connector update ${name} --expires-at …`;
  return {
    principal: principal ?? '',
    async token(_asked, signal) {
      signal.throwIfAborted();
      if (expiresAt === undefined) {
        throw new ValetkeyError('INPUT_INVALID', {
          subject: 'expires_at',
          reason: 'when the stored token expires is not known',
          hint,
        });
      }
      if (expiresAt <= now()) throw new ValetkeyError('CREDENTIAL_EXPIRED', { hint });
      return { token, expiresAt, scopes: scopes ?? DEFAULT_SCOPES };
    },
  };
}
