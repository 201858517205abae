import type { AuthorizedUser, Base, GcpPlace, GoogleAuth } from '../cloud.ts';
import { covers } from '../scopes.ts';

const PREFIX = 'https://www.googleapis.com/auth/';

/** What `gcloud auth application-default login` asks a person to consent to. */
export const GCLOUD_SCOPES: readonly string[] = [
  'openid',
  `${PREFIX}userinfo.email`,
  `${PREFIX}cloud-platform`,
  `${PREFIX}sqlservice.login`,
];

/**
 * A person by the refresh token of a login. Its tokens carry all that was consented to, unless fewer
 * scopes are asked for; identity tokens would be for the OAuth client alone, so there are none.
 */
export function userAccountBase(
  auth: GoogleAuth,
  user: AuthorizedUser,
  {
    consented,
    principal,
  }: { readonly consented: readonly string[] | undefined; readonly principal: string | undefined },
  place: GcpPlace,
): Base {
  return {
    principal: principal ?? '',
    token: (asked, signal) =>
      auth.userToken(user, asked && consentedFor(asked, consented ?? GCLOUD_SCOPES), place, signal),
  };
}

/** Google takes only the very scopes that were consented to, not what they include. */
function consentedFor(asked: readonly string[], consented: readonly string[]): readonly string[] {
  const chosen = asked.map((scope) => {
    if (consented.includes(scope)) return scope;
    return consented.find((wider) => covers([wider], scope)) ?? scope;
  });
  return [...new Set(chosen)];
}
