import type { AuthorizedUser, Base, BearerToken, GcpPlace, GoogleAuth } from '../cloud.ts';
import { userAccountBase } from './user-account.ts';

/**
 * A person whose login was found, and who it is: by the identity token that Google sends with an access
 * token when the login's consent has `openid` and `email`, as gcloud's has. What the file itself says
 * proves nothing: anybody can write it.
 */
export async function foundUserBase(
  auth: GoogleAuth,
  user: AuthorizedUser,
  place: GcpPlace,
  signal: AbortSignal,
): Promise<Base> {
  const whole: BearerToken = await auth.userToken(user, undefined, place, signal);
  const principal = whole.email ?? '';
  const facts = { consented: whole.scopes.length > 0 ? whole.scopes : undefined, principal };
  const base = userAccountBase(auth, user, facts, place);
  return {
    principal,
    // The token that told the e-mail has all that was consented to: it is the usual one.
    token: async (asked, within) => (asked === undefined ? whole : await base.token(asked, within)),
  };
}
