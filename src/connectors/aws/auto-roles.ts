import type { ProfileRole } from './source.ts';

/*
 * Roles that were found or given, as the fields of a connector's configuration.
 */

type Fields = Readonly<Record<string, unknown>>;

/** The role of the command line; its external id and session name are its own, not another's. */
export function givenRole(given: Readonly<Record<string, string>>): ProfileRole | undefined {
  const roleArn = given['role_arn'];
  if (roleArn === undefined) return undefined;
  return {
    roleArn,
    externalId: given['external_id'],
    sessionName: given['role_session_name'],
    mfaSerial: undefined,
    seconds: undefined,
    profile: '',
  };
}

/** First to last. */
export function allRoles(
  found: readonly ProfileRole[],
  given: ProfileRole | undefined,
): readonly ProfileRole[] {
  return given === undefined ? found : [...found, given];
}

export function roleConfig([first, ...rest]: readonly ProfileRole[]): Fields {
  return {
    ...(first === undefined ? {} : hopConfig(first)),
    ...(rest.length === 0 ? {} : { role_chain: rest.map(hopConfig) }),
  };
}

export function hopConfig({ roleArn, externalId, sessionName }: ProfileRole): Fields {
  return {
    role_arn: roleArn,
    ...(externalId === undefined ? {} : { external_id: externalId }),
    ...(sessionName === undefined ? {} : { role_session_name: sessionName }),
  };
}
