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

/** Ids that the connector names and clients are told: another identity's token would belie them. */
interface ToldIdentity {
  readonly client_id?: string | undefined;
  readonly object_id?: string | undefined;
}

/** Whom a token speaks for, by its own word: it came from Entra or the machine itself. Throws `IMPLICIT_FORBIDDEN`. */
export function checkImplicitIdentity(
  { allow }: ImplicitPolicy,
  { token }: EntraToken,
  told: ToldIdentity,
): void {
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
  const other =
    differs(told.object_id, objectId) ||
    (person === undefined && differs(told.client_id, clientId));
  if (other) {
    throw new ValetkeyError('IMPLICIT_FORBIDDEN', {
      reason: `the daemon’s identity is ${names.join(' / ')}, not the one that the connector names`,
    });
  }
  if (allow.some((entry) => names.includes(entry.toLowerCase()))) return;
  throw new ValetkeyError('IMPLICIT_FORBIDDEN', {
    reason: `${names.join(' / ')} is not among the identities it may yield`,
    hint: HINT,
  });
}

function differs(told: string | undefined, found: string | undefined): boolean {
  return told !== undefined && told.toLowerCase() !== found?.toLowerCase();
}
