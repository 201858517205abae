import { userInfo } from 'node:os';
import { join } from 'node:path';

import type { Machine } from '../contract.ts';

type Env = Machine['env'];

/**
 * Where gcloud keeps configurations, logins and the default credentials of Google's libraries.
 * https://cloud.google.com/docs/authentication/application-default-credentials#personal
 */
export function gcloudFolder(env: Env, platform: NodeJS.Platform = process.platform): string {
  const own = nonEmpty(env['CLOUDSDK_CONFIG']);
  if (own !== undefined) return own;
  if (platform !== 'win32') return join(homeOf(env), '.config', 'gcloud');
  const data = nonEmpty(env['APPDATA']) ?? `${nonEmpty(env['SystemDrive']) ?? 'C:'}\\`;
  return join(data, 'gcloud');
}

/** A path for a person's eyes. */
export function shownPath(path: string, env: Env): string {
  const home = homeOf(env);
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

export function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}

/** The password database when no variable says it. */
function homeOf(env: Env): string {
  return nonEmpty(env['HOME']) ?? nonEmpty(env['USERPROFILE']) ?? userInfo().homedir;
}
