import type { AuthorizedUser, Base, GcpPlace, GoogleAuth } from '../cloud.ts';
import { covers } from '../scopes.ts';

const PREFIX = 'https://www.googleapis.com/auth/';

/** What `gcloud auth application-default login` asks a person to consent to. */
const GCLOUD_SCOPES: readonly string[] = [
  'openid',
  `${PREFIX}userinfo.email`,
  `${PREFIX}cloud-platform`,
  `${PREFIX}sqlservice.login`,
];

/** Two names of one scope: Google reports the long one. */
const ALIASES: Readonly<Record<string, string>> = {
  email: `${PREFIX}userinfo.email`,
  profile: `${PREFIX}userinfo.profile`,
};

/**
 * A person by the refresh token of a login. Its tokens carry all that was consented to, unless fewer
 * scopes are asked for; identity tokens would be for the OAuth client alone, so there are none.
 */
export function userAccountBase(
  auth: GoogleAuth,
  user: AuthorizedUser,
  facts: {
    readonly consented: readonly string[] | undefined;
    readonly principal: string | undefined;
  },
  place: GcpPlace,
): Base {
  const consented = consentedScopes(facts.consented);
  return {
    principal: facts.principal ?? '',
    token: (asked, signal) => {
      const chosen = asked?.map((scope) => scopeAmong(consented, scope) ?? scope);
      return auth.userToken(user, chosen && [...new Set(chosen)], place, signal);
    },
  };
}

/** What the person consented to: as the connector says, else as gcloud asks for it. */
export function consentedScopes(listed: readonly string[] | undefined): readonly string[] {
  return longNames(listed ?? GCLOUD_SCOPES);
}

/** Scopes by the names that Google reports them with. */
export function longNames(scopes: readonly string[]): readonly string[] {
  return scopes.map((scope) => ALIASES[scope] ?? scope);
}

/**
 * The one of `scopes` to ask for when `wanted` is: Google takes only the very words that were
 * consented to, not what they include. `undefined` when none of them allows it.
 */
export function scopeAmong(scopes: readonly string[], wanted: string): string | undefined {
  const long = ALIASES[wanted] ?? wanted;
  return scopes.includes(long) ? long : scopes.find((wider) => covers([wider], long));
}
