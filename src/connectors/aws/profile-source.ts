import { containerSource, instanceSource, keysFromEnv, webIdentityFromEnv } from './environment.ts';
import { hasKeys, ownCredentials } from './profile-keys.ts';
import { nonEmpty, shownPath, type Env, type Profile, type SharedConfig } from './shared-config.ts';
import {
  unusableProfile as invalid,
  type BaseSource,
  type ProfileRole,
  type Source,
} from './source.ts';

type Found = Pick<Source, 'base' | 'roles' | 'borrowed'>;

interface Context {
  readonly env: Env;
  readonly files: SharedConfig;
}

/**
 * A profile by name, as boto and the CLI read it; variables with keys play no part.
 * Throws `CONFIG_INVALID` naming the profile. https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
 */
export function profileSource(name: string, context: Context): Source {
  const { files } = context;
  if (!files.profiles.has(name)) {
    throw invalid(name, 'there is no such profile', `look in ${files.configPath}`);
  }
  const found = fromProfile(name, context, undefined);
  if (found === undefined) {
    throw invalid(
      name,
      'it has no credentials',
      'give it keys, a role_arn, an SSO session or a credential_process',
    );
  }
  return {
    ...found,
    origin: originOf(name, context),
    region: regionOf(name, files),
    profile: name,
  };
}

/** Pure part of the default chain: what the profile yields when the variables may speak too. */
export function chainProfile(name: string, context: Context): Source | undefined {
  const found = fromProfile(name, context, context.env);
  if (found === undefined) return undefined;
  const origin =
    found.borrowed && found.roles.length === 0 ? 'the environment' : originOf(name, context);
  return { ...found, origin, region: regionOf(name, context.files), profile: name };
}

/** boto's order: role, web identity, SSO, credentials file, process, config file. */
function fromProfile(name: string, context: Context, env: Env | undefined): Found | undefined {
  const profile = context.files.profiles.get(name);
  if (profile !== undefined && hasRole(profile)) return roleFound(name, profile, context, [name]);
  const fromEnv = env === undefined ? undefined : webIdentityFromEnv(env, profile);
  if (fromEnv !== undefined) return { base: fromEnv, roles: [], borrowed: true };
  const base = ownCredentials(name, context.files);
  return base === undefined ? undefined : { base, roles: [], borrowed: false };
}

function hasRole(profile: Profile): boolean {
  return profile['role_arn'] !== undefined && profile['web_identity_token_file'] === undefined;
}

function roleFound(
  name: string,
  profile: Profile,
  context: Context,
  visited: readonly string[],
): Found {
  const role = roleOf(name, profile);
  const sourceProfile = profile['source_profile'];
  const credentialSource = profile['credential_source'];
  if (sourceProfile !== undefined && credentialSource !== undefined) {
    throw invalid(name, 'it has both source_profile and credential_source', 'keep one of them');
  }
  if (credentialSource !== undefined) {
    const base = namedSource(name, credentialSource, context);
    return { base, roles: [role], borrowed: true };
  }
  if (sourceProfile === undefined) {
    throw invalid(
      name,
      'it has a role_arn, but neither source_profile nor credential_source',
      'say whose credentials assume the role',
    );
  }
  const below = sourceFound(name, sourceProfile, context, visited);
  return { ...below, roles: [...below.roles, role] };
}

/** What `source_profile` stands for: its own keys before its role, as in boto. */
function sourceFound(
  parent: string,
  name: string,
  context: Context,
  visited: readonly string[],
): Found {
  const profile = context.files.profiles.get(name);
  if (profile === undefined) {
    throw invalid(parent, `its source_profile ${quoted(name)} does not exist`, 'correct the name');
  }
  const self = name === parent;
  if (visited.includes(name) && !(self && hasKeys(profile))) {
    const loop = [...visited, name].map(quoted).join(' → ');
    throw invalid(parent, `its source_profile leads back to itself: ${loop}`, 'break the loop');
  }
  if (hasRole(profile) && !hasKeys(profile)) {
    return roleFound(name, profile, context, [...visited, name]);
  }
  const base = ownCredentials(name, context.files);
  if (base === undefined) {
    throw invalid(parent, `its source_profile ${quoted(name)} has no credentials`, 'give it some');
  }
  return { base, roles: [], borrowed: false };
}

/** `credential_source`: https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html */
function namedSource(profile: string, source: string, { env, files }: Context): BaseSource {
  const finders: Record<string, () => BaseSource | undefined> = {
    environment: () => keysFromEnv(env),
    ecscontainer: () => containerSource(env),
    ec2instancemetadata: () => instanceSource(env, files.profiles.get(profile)),
  };
  const find = finders[source.toLowerCase()];
  if (find === undefined) {
    throw invalid(
      profile,
      `its credential_source ${quoted(source)} is unknown`,
      'use Environment, EcsContainer or Ec2InstanceMetadata',
    );
  }
  const found = find();
  if (found === undefined) {
    throw invalid(
      profile,
      `its credential_source ${source} yields nothing here`,
      'set its variables',
    );
  }
  return found;
}

function roleOf(name: string, profile: Profile): ProfileRole {
  const seconds = Number(profile['duration_seconds']);
  return {
    roleArn: profile['role_arn'] ?? '',
    sessionName: profile['role_session_name'],
    externalId: profile['external_id'],
    mfaSerial: profile['mfa_serial'],
    // boto too goes on without a duration that is no number.
    seconds: Number.isInteger(seconds) && seconds > 0 ? seconds : undefined,
    profile: name,
  };
}

function regionOf(name: string, files: SharedConfig): string | undefined {
  return nonEmpty(files.profiles.get(name)?.['region']);
}

function originOf(name: string, { files, env }: Context): string {
  const file = files.config.has(name) ? files.configPath : files.credentialsPath;
  return `profile ${name} in ${shownPath(file, env)}`;
}

function quoted(name: string): string {
  return `“${name}”`;
}
