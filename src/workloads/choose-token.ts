import type { IssueRequest, TokenChoice } from '../core/credential.ts';
import { ValetkeyError } from '../core/errors.ts';
import { googleAccount, isAskable, type TokenAccount } from '../core/token-account.ts';
import type { IssueChoice } from '../endpoints/contract.ts';
import type { WorkloadProfile } from './workload.ts';

/** Requests remembered per profile (invariant 8): a hot one must be the same object each time. */
const REMEMBERED = 64;

const remembered = new WeakMap<WorkloadProfile, Map<string, IssueRequest>>();

/**
 * What to issue for a client's choice of token, never more than the grant allows. Throws
 * `SCOPE_NOT_GRANTED`, `AUDIENCE_NOT_GRANTED` and `ID_TOKEN_UNSUPPORTED`.
 */
export function requestFor(profile: WorkloadProfile, choice: IssueChoice): IssueRequest {
  const { account, request } = profile;
  if (choice.kind === 'id-token') return identityRequest(profile, choice.audience);
  const { scopes } = choice;
  if (scopes === undefined || scopes.length === 0 || account?.askable === undefined) return request;
  return recall(profile, `scopes ${scopes.join(' ')}`, () => {
    const asked = [...new Set(scopes)].sort();
    for (const scope of asked) {
      if (isAskable(account.askable, scope)) continue;
      throw new ValetkeyError('SCOPE_NOT_GRANTED', {
        subject: scope,
        hint: HINTS[account.cloud],
      });
    }
    // Who asks for just what the usual token has gets that one: it is held already.
    const usual = new Set(googleAccount(account)?.scopes);
    if (usual.size === asked.length && asked.every((scope) => usual.has(scope))) return undefined;
    return { kind: 'access-token', scopes: asked };
  });
}

const HINTS = {
  google: 'list it under scopes of the connector and of the grant',
  azure: 'list its audience under audiences of the connector and of the grant',
} as const;

function identityRequest(profile: WorkloadProfile, audience: string | undefined): IssueRequest {
  const audiences: TokenAccount['audiences'] = profile.account?.audiences ?? [];
  if (audience === undefined) throw new ValetkeyError('INPUT_INVALID', { subject: 'audience' });
  if (audiences !== 'any' && !audiences.includes(audience)) {
    throw new ValetkeyError(
      audiences.length === 0 ? 'ID_TOKEN_UNSUPPORTED' : 'AUDIENCE_NOT_GRANTED',
    );
  }
  return recall(profile, `audience ${audience}`, () => ({ kind: 'id-token', audience }));
}

function recall(
  profile: WorkloadProfile,
  key: string,
  choose: () => TokenChoice | undefined,
): IssueRequest {
  let known = remembered.get(profile);
  if (known === undefined) remembered.set(profile, (known = new Map()));
  const found = known.get(key);
  if (found !== undefined) return found;
  const token = choose();
  const made = token === undefined ? profile.request : { ...profile.request, token };
  const [oldest] = known.size >= REMEMBERED ? known.keys() : [];
  if (oldest !== undefined) known.delete(oldest);
  known.set(key, made);
  return made;
}
