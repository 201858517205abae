import { nonEmpty, type Profile, type SharedConfig } from './shared-config.ts';
import { unusableProfile as invalid, type SsoSource } from './source.ts';

/** The scope that `GetRoleCredentials` needs, and the one the CLI asks for by default. */
export const SSO_ACCOUNT_SCOPE = 'sso:account:access';

/**
 * The SSO part of a profile: `sso_session` with a section of its own, or all four fields in place.
 * `sso_account_id` or `sso_role_name` tells that the profile means role credentials at all.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html
 */
export function ssoSource(
  name: string,
  profile: Profile,
  files: SharedConfig,
): SsoSource | undefined {
  if (profile['sso_account_id'] === undefined && profile['sso_role_name'] === undefined) {
    return undefined;
  }
  const session = profile['sso_session'];
  const fields = session === undefined ? profile : withSession(name, profile, session, files);
  const need = (key: string): string => {
    const value = nonEmpty(fields[key]);
    if (value === undefined) throw invalid(name, `it uses SSO, but ${key} is missing`, 'add it');
    return value;
  };
  return {
    kind: 'sso',
    startUrl: need('sso_start_url'),
    region: need('sso_region'),
    accountId: need('sso_account_id'),
    roleName: need('sso_role_name'),
    session,
    scopes: scopesOf(fields['sso_registration_scopes']),
  };
}

function withSession(
  name: string,
  profile: Profile,
  session: string,
  files: SharedConfig,
): Profile {
  const section = files.ssoSessions.get(session);
  if (section === undefined) {
    throw invalid(
      name,
      `its sso_session “${session}” does not exist`,
      `add [sso-session ${session}]`,
    );
  }
  const differs = Object.keys(section).find(
    (key) => (profile[key] ?? section[key]) !== section[key],
  );
  if (differs !== undefined) {
    throw invalid(
      name,
      `${differs} differs between the profile and its sso_session “${session}”`,
      'remove it from the profile',
    );
  }
  return { ...profile, ...section };
}

function scopesOf(text: string | undefined): readonly string[] {
  const scopes = (text ?? '').split(',').map((scope) => scope.trim());
  const given = scopes.filter((scope) => scope !== '');
  return given.length === 0 ? [SSO_ACCOUNT_SCOPE] : given;
}
