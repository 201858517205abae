import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Variables } from '../endpoints/contract.ts';
import { writeFileAtomically } from '../files/atomic-write.ts';

/** Keys of a profile that yield credentials and so come before a container endpoint in every SDK's chain. */
const SOURCES =
  /^\s*(aws_access_key_id|credential_process|role_arn|sso_session|sso_start_url|web_identity_token_file|login_session)\s*=/im;

/**
 * A person's own `[default]` profile wins over any endpoint and cannot be unset by a variable. Where
 * it holds credentials, the child is given empty AWS files instead, and the person is told.
 */
export async function withoutOwnProfile(
  variables: Variables,
  env: Readonly<Record<string, string | undefined>>,
  directory: string,
): Promise<{ readonly variables: Variables; readonly warnings: readonly string[] }> {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? '';
  const files = {
    AWS_SHARED_CREDENTIALS_FILE:
      env['AWS_SHARED_CREDENTIALS_FILE'] || join(home, '.aws', 'credentials'),
    AWS_CONFIG_FILE: env['AWS_CONFIG_FILE'] || join(home, '.aws', 'config'),
  };
  const hidden: Record<string, string> = {};
  for (const [name, path] of Object.entries(files)) {
    const text = await readFile(path, 'utf8').catch(() => '');
    if (!SOURCES.test(defaultSection(text))) continue;
    const empty = join(directory, 'empty-aws-file');
    await writeFileAtomically(empty, '', { mode: 0o600 });
    hidden[name] = empty;
  }
  const names = Object.keys(hidden);
  if (names.length === 0) return { variables, warnings: [] };
  return {
    variables: { ...variables, set: { ...variables.set, ...hidden } },
    warnings: [
      `your own [default] AWS profile would win over the granted credentials, so ${names.join(' and ')} ` +
        `${names.length === 1 ? 'points' : 'point'} to an empty file`,
    ],
  };
}

function defaultSection(text: string): string {
  const start = /^\s*\[\s*(?:profile\s+)?default\s*\]/m.exec(text);
  if (start === null) return '';
  const rest = text.slice(start.index + start[0].length);
  const end = /^\s*\[/m.exec(rest);
  return end === null ? rest : rest.slice(0, end.index);
}
