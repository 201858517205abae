import { ValetkeyError } from '../../../core/errors.ts';
import type { Base, GcpPlace, GoogleAuth } from '../cloud.ts';
import { CLOUD_PLATFORM, DEFAULT_SCOPES } from '../scopes.ts';

export interface ImpersonationOptions {
  /** E-mail of the service account to become. */
  readonly target: string;
  /** E-mails of the accounts in between: the source may impersonate the first, each the next. */
  readonly delegates?: readonly string[] | undefined;
  /** Domain-wide delegation: the person to speak for. */
  readonly subject?: string | undefined;
  readonly seconds: number;
  /** Scopes of the usual token. */
  readonly usual?: readonly string[] | undefined;
}

/** What IAM Credentials accepts of whoever asks it. */
const SOURCE_SCOPES: readonly string[] = [CLOUD_PLATFORM];

/**
 * A service account that another identity may act as. Only the impersonated token's scopes are what was
 * asked for: the source's own token never leaves here.
 * https://cloud.google.com/iam/docs/create-short-lived-credentials-delegated
 */
export function impersonatedBase(
  auth: GoogleAuth,
  source: Base,
  { target, delegates = [], subject, seconds, usual = DEFAULT_SCOPES }: ImpersonationOptions,
  place: GcpPlace,
): Base {
  return {
    principal: subject ?? target,
    async token(asked, signal) {
      const { token } = await source.token(SOURCE_SCOPES, signal);
      const ask = { target, delegates, subject, scopes: asked ?? usual, seconds };
      return await auth.impersonate(token, ask, place, signal);
    },
    async idToken(audience, signal) {
      if (subject !== undefined) {
        throw new ValetkeyError('ID_TOKEN_UNSUPPORTED', {
          reason: 'the connector speaks for a person, who has no identity tokens here',
        });
      }
      const { token } = await source.token(SOURCE_SCOPES, signal);
      const ask = { target, delegates, audience };
      return await auth.impersonatedIdToken(token, ask, place, signal);
    },
  };
}
