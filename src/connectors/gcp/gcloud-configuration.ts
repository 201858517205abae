import { join } from 'node:path';

import type { Machine } from '../contract.ts';
import { readText } from './credential-file.ts';
import { gcloudFolder, nonEmpty } from './gcloud-folder.ts';

type Env = Machine['env'];

/** What gcloud would work with: the active configuration, and the variables that come over it. */
export interface GcloudConfiguration {
  /** `default`, or the name that was activated. */
  readonly name: string;
  readonly account: string | undefined;
  readonly project: string | undefined;
  readonly quotaProject: string | undefined;
  readonly universeDomain: string | undefined;
  /** E-mails of service accounts, the target last. */
  readonly impersonated: readonly string[];
  /** A credential file that is used instead of the account. */
  readonly credentialFile: string | undefined;
}

/** Says that there is no configuration; properties come from variables alone. */
const NONE = 'NONE';

/**
 * https://cloud.google.com/sdk/gcloud/reference/topic/configurations. Missing files are empty ones;
 * throws `CONFIG_UNREADABLE` for one that cannot be read.
 */
export async function gcloudConfiguration(
  env: Env,
  signal: AbortSignal,
): Promise<GcloudConfiguration> {
  const folder = gcloudFolder(env);
  const name = await activeName(folder, env, signal);
  const file = join(folder, 'configurations', `config_${name}`);
  const text = name === NONE ? undefined : await readText(file, env, signal);
  const properties = parseProperties(text ?? '');
  const property = (section: string, key: string) =>
    nonEmpty(env[`CLOUDSDK_${section}_${key}`.toUpperCase()]?.trim()) ??
    nonEmpty(properties.get(`${section}/${key}`));
  const chain = property('auth', 'impersonate_service_account') ?? '';
  return {
    name,
    account: property('core', 'account'),
    project: property('core', 'project'),
    quotaProject: quotaProject(property('billing', 'quota_project')),
    universeDomain: property('core', 'universe_domain'),
    impersonated: chain.split(',').flatMap((email) => nonEmpty(email.trim()) ?? []),
    credentialFile: property('auth', 'credential_file_override'),
  };
}

async function activeName(folder: string, env: Env, signal: AbortSignal): Promise<string> {
  const named =
    nonEmpty(env['CLOUDSDK_ACTIVE_CONFIG_NAME']) ??
    (await readText(join(folder, 'active_config'), env, signal))?.trim();
  // The name becomes part of a path; gcloud takes no other either.
  return named !== undefined && /^(?:[a-z][-a-z0-9]*|NONE)$/.test(named) ? named : 'default';
}

/** gcloud's words for "that of the account" and "the one worked in" are no project. */
function quotaProject(value: string | undefined): string | undefined {
  return value !== undefined && /^(?:LEGACY|CURRENT_PROJECT.*)$/.test(value) ? undefined : value;
}

/** Python's INI format as gcloud writes it: sections, `key = value`, whole-line comments. */
function parseProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  let section = '';
  for (const line of text.split(/\r?\n/)) {
    const header = /^\[([^\]]+)\]/.exec(line)?.[1];
    if (header !== undefined) section = header.trim();
    const [, key, value] = /^([^\s#;=:[][^=:]*?)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) {
      properties.set(`${section}/${key.toLowerCase()}`, value.trim());
    }
  }
  return properties;
}
