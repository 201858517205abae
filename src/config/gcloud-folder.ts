import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/*
 * What gcloud and Google's libraries find in a person's own folder. It comes before a metadata server,
 * and no variable takes it away.
 */

type Environment = Readonly<Record<string, string | undefined>>;

export interface GcloudFolder {
  /** As gcloud finds it: https://cloud.google.com/sdk/docs/configurations */
  readonly path: string;
  /** Files of application default credentials that exist, gcloud's own folder first. */
  readonly defaultCredentials: readonly string[];
  /** The file with the settings in use, if there are any. */
  readonly settings: string | undefined;
  /** The account that gcloud was told to use. */
  readonly account: string | undefined;
  /** Tokens of earlier runs, which gcloud uses up first. */
  readonly storedTokens: string | undefined;
  /** gcloud has looked for a metadata server and found none: believed for ten minutes. */
  readonly notOnGce: string | undefined;
}

const NOT_ON_GCE_MS = 10 * 60_000; // gcloud: googlecloudsdk/core/credentials/gce_cache.py
const DEFAULT_CREDENTIALS = 'application_default_credentials.json';

/** Looks, and changes nothing. What cannot be read is taken for absent, as those programs do. */
export async function lookIntoGcloud(env: Environment, now: number): Promise<GcloudFolder> {
  const usual = usualFolder(env);
  const path = env['CLOUDSDK_CONFIG'] || usual;
  const files = [...new Set([path, usual])].map((folder) => join(folder, DEFAULT_CREDENTIALS));
  const present = await Promise.all(files.map(holdsSomething));
  const settings = await settingsIn(path, env);
  return {
    path,
    defaultCredentials: files.filter((_, index) => present[index]),
    settings,
    account: settings === undefined ? undefined : accountOf(await textOf(settings)),
    storedTokens: await existing(join(path, 'access_tokens.db')),
    notOnGce: await poisoned(join(path, 'gce'), now),
  };
}

/** Where libraries look that do not know `CLOUDSDK_CONFIG`. */
function usualFolder(env: Environment): string {
  return process.platform === 'win32'
    ? join(env['APPDATA'] ?? '', 'gcloud')
    : join(env['HOME'] ?? '', '.config', 'gcloud');
}

async function settingsIn(folder: string, env: Environment): Promise<string | undefined> {
  const active = (await textOf(join(folder, 'active_config'))).trim();
  const name = env['CLOUDSDK_ACTIVE_CONFIG_NAME'] || active || 'default';
  return /^[\w-]+$/.test(name)
    ? existing(join(folder, 'configurations', `config_${name}`))
    : undefined;
}

function accountOf(settings: string): string | undefined {
  const core = /^\[core\][^[]*/m.exec(settings)?.[0] ?? '';
  return /^account\s*=\s*(\S+)/m.exec(core)?.[1];
}

async function poisoned(file: string, now: number): Promise<string | undefined> {
  if ((await textOf(file)).trim() !== 'False') return undefined;
  const written = await stat(file).catch(() => undefined);
  return written !== undefined && now - written.mtimeMs < NOT_ON_GCE_MS ? file : undefined;
}

async function existing(file: string): Promise<string | undefined> {
  return (await holdsSomething(file)) ? file : undefined;
}

async function holdsSomething(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() === true && found.size > 0;
}

function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
