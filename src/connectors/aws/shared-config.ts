import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { ValetkeyError } from '../../core/errors.ts';

/** One section of the files: lower-case keys, as Python's parser (boto, the CLI) reads them. */
export type Profile = Readonly<Record<string, string>>;

/** The variables of a machine; never `process.env`, so that a test or a control client gives its own. */
export type Env = Readonly<Record<string, string | undefined>>;

/**
 * The shared AWS configuration.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export interface SharedConfig {
  readonly configPath: string;
  readonly credentialsPath: string;
  /** Profiles of the config file alone. */
  readonly config: ReadonlyMap<string, Profile>;
  /** Profiles of the credentials file alone. */
  readonly credentials: ReadonlyMap<string, Profile>;
  /** Both: where a key is in both, the credentials file's counts. */
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly ssoSessions: ReadonlyMap<string, Profile>;
}

const SSO_SESSION = 'sso-session.';
/** Other sections the parser hands through as `<type>.<name>`. */
const NOT_PROFILES = /^(?:sso-session|services)\./;

export function homeOf(env: Env): string {
  // The same order as the AWS SDKs; the password database when neither is set.
  return nonEmpty(env['HOME']) ?? nonEmpty(env['USERPROFILE']) ?? userInfo().homedir;
}

/** `~/` at the start of a path means the person's home, as every AWS SDK reads it. */
function expandHome(path: string, env: Env): string {
  return path.startsWith('~/') ? join(homeOf(env), path.slice(2)) : path;
}

/** The way back, for a person's eyes. */
export function shownPath(path: string, env: Env): string {
  const home = homeOf(env);
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

/**
 * Reads both files afresh. A missing file is an empty one; one that is there and cannot be read is
 * `CONFIG_UNREADABLE`, because going on without it would find other credentials than the person meant.
 */
export async function readSharedConfig(env: Env): Promise<SharedConfig> {
  const folder = join(homeOf(env), '.aws');
  const configPath = expandHome(nonEmpty(env['AWS_CONFIG_FILE']) ?? join(folder, 'config'), env);
  const credentialsPath = expandHome(
    nonEmpty(env['AWS_SHARED_CREDENTIALS_FILE']) ?? join(folder, 'credentials'),
    env,
  );
  await Promise.all([mustBeReadable(configPath), mustBeReadable(credentialsPath)]);
  const { loadSharedConfigFiles } = await import('@smithy/shared-ini-file-loader');
  const files = await loadSharedConfigFiles({
    filepath: credentialsPath,
    configFilepath: configPath,
    ignoreCache: true, // The parser keeps file contents for the life of the process otherwise.
  });
  return sharedConfigOf(configPath, credentialsPath, files.configFile, files.credentialsFile);
}

type Sections = Record<string, Record<string, string | undefined>>;

/** Pure: the parser's sections as profiles and SSO sessions. */
function sharedConfigOf(
  configPath: string,
  credentialsPath: string,
  configFile: Sections,
  credentialsFile: Sections,
): SharedConfig {
  const sections = Object.entries(configFile).map(([name, keys]) => [name, clean(keys)] as const);
  const config = new Map(sections.filter(([name]) => !NOT_PROFILES.test(name)));
  const credentials = new Map(Object.entries(credentialsFile).map(([n, keys]) => [n, clean(keys)]));
  const profiles = new Map<string, Profile>(config);
  for (const [name, keys] of credentials) profiles.set(name, { ...profiles.get(name), ...keys });
  const ssoSessions = new Map(
    sections
      .filter(([name]) => name.startsWith(SSO_SESSION))
      .map(([name, keys]) => [name.slice(SSO_SESSION.length), keys]),
  );
  return { configPath, credentialsPath, config, credentials, profiles, ssoSessions };
}

function clean(keys: Record<string, string | undefined>): Profile {
  const entries = Object.entries(keys).flatMap(([key, value]) =>
    value === undefined ? [] : [[key.toLowerCase(), value] as const],
  );
  return Object.fromEntries(entries);
}

/** Asked before the parser is, which takes whatever it cannot read for empty. */
async function mustBeReadable(path: string): Promise<void> {
  try {
    await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return;
    throw new ValetkeyError('CONFIG_UNREADABLE', {
      subject: path,
      hint: 'check what the file is, who owns it and its mode',
      cause: error,
    });
  }
}

export function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}
