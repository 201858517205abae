import { ValetkeyError } from '../../core/errors.ts';
import type { ImplicitPolicy } from '../contract.ts';
import { readClaims } from './claims.ts';
import type { EntraToken } from './cloud.ts';

/*
 * Whoever may register a connector could otherwise borrow the daemon's own identity. It yields only what
 * the configuration lists: by object id, by client id, or by a person's name (UPN).
 */

const HINT =
  'list the identity’s object id, client id or user name under policy.implicit.allow in config.yaml';

/** Before anything is asked: is anything allowed at all? Throws `IMPLICIT_FORBIDDEN`. */
export function checkImplicitAllowed({ allow }: ImplicitPolicy): void {
  if (allow.length === 0) throw new ValetkeyError('IMPLICIT_FORBIDDEN', { hint: HINT });
}

/** Whom a token speaks for, by its own word: it came from Entra or the machine itself. Throws `IMPLICIT_FORBIDDEN`. */
export function checkImplicitIdentity({ allow }: ImplicitPolicy, { token }: EntraToken): void {
  const { claims, person } = readClaims(token.reveal());
  const { objectId, clientId } = claims;
  // A person's token has the client id of the program that the person logged in with: it names nobody.
  const names = [objectId, person === undefined ? clientId : person.upn].flatMap(
    (id) => id?.toLowerCase() ?? [],
  );
  if (names.length === 0) {
    throw new ValetkeyError('IMPLICIT_FORBIDDEN', {
      reason: 'nothing proves whose token the daemon’s identity yields',
    });
  }
  if (allow.some((entry) => names.includes(entry.toLowerCase()))) return;
  throw new ValetkeyError('IMPLICIT_FORBIDDEN', {
    reason: `${names.join(' / ')} is not among the identities it may yield`,
    hint: HINT,
  });
}
