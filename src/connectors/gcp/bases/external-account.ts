import type { Machine } from '../../contract.ts';
import type { Base, GoogleAuth } from '../cloud.ts';
import type { ExternalAccount } from '../external-account.ts';
import { DEFAULT_SCOPES } from '../scopes.ts';
import { subjectToken } from '../subject-token.ts';
import { impersonatedBase } from './impersonation.ts';

/**
 * Somebody whom another provider vouches for: the token of its source is exchanged at Google's STS, and
 * with the federated token the service account behind it is impersonated, where there is one. Only
 * that has an e-mail and identity tokens. https://google.aip.dev/auth/4117
 */
export function externalAccountBase(
  auth: GoogleAuth,
  account: ExternalAccount,
  machine: Machine,
  usual: readonly string[] = DEFAULT_SCOPES,
): Base {
  const { audience, subjectTokenType, userProject, clientId, clientSecret, place } = account;
  const federated: Base = {
    principal: '',
    async token(asked, signal) {
      const token = await subjectToken({ account, machine, signal });
      const federation = { audience, subjectTokenType, userProject, clientId, clientSecret };
      const ask = { ...federation, subjectToken: token };
      return await auth.federatedToken(ask, asked ?? usual, place, signal);
    },
  };
  const { impersonation } = account;
  if (impersonation === undefined) return federated;
  const { email: target, seconds } = impersonation;
  return impersonatedBase(auth, federated, { target, seconds, usual }, place);
}
