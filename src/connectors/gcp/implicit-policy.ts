import { ValetkeyError } from '../../core/errors.ts';
import type { ImplicitPolicy } from '../contract.ts';

/*
 * Whoever may register a connector could otherwise borrow the daemon's own cloud identity. It yields
 * only what the configuration lists, by e-mail: who a token speaks for, so that behind an account that
 * is impersonated the daemon's own need not be listed.
 */

const HINT = 'list the account’s e-mail under policy.implicit.allow in config.yaml';

/** Before anything is asked: is anything allowed at all? Throws `IMPLICIT_FORBIDDEN`. */
export function checkImplicitAllowed({ allow }: ImplicitPolicy): void {
  if (allow.length === 0) throw new ValetkeyError('IMPLICIT_FORBIDDEN', { hint: HINT });
}

/** `email` as it is proven, `''` when it is not. Throws `IMPLICIT_FORBIDDEN`. */
export function checkImplicitAccount({ allow }: ImplicitPolicy, email: string): void {
  if (email === '') {
    throw new ValetkeyError('IMPLICIT_FORBIDDEN', {
      reason: 'nothing proves the e-mail of the daemon’s identity',
      hint: 'log in with the scopes openid and email, or let a service account be impersonated',
    });
  }
  const wanted = email.toLowerCase();
  if (allow.some((entry) => entry.toLowerCase() === wanted)) return;
  throw new ValetkeyError('IMPLICIT_FORBIDDEN', {
    reason: `${email} is not among the identities it may yield`,
    hint: HINT,
  });
}
