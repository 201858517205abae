import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Keys of a profile that yield credentials and so come before a container endpoint in every SDK's chain. */
const SOURCES =
  /^\s*(aws_access_key_id|credential_process|role_arn|sso_session|sso_start_url|web_identity_token_file|login_session)\s*=/im;

/** A file of AWS's shared configuration whose `[default]` profile yields credentials. */
export interface WinningFile {
  /** The variable that names another file. */
  readonly variable: 'AWS_SHARED_CREDENTIALS_FILE' | 'AWS_CONFIG_FILE';
  readonly path: string;
}

/** Looks, and changes nothing. What cannot be read is taken for absent, as SDKs do. */
export async function winningAwsFiles(
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly WinningFile[]> {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? '';
  const files: readonly WinningFile[] = [
    {
      variable: 'AWS_SHARED_CREDENTIALS_FILE',
      path: env['AWS_SHARED_CREDENTIALS_FILE'] || join(home, '.aws', 'credentials'),
    },
    {
      variable: 'AWS_CONFIG_FILE',
      path: env['AWS_CONFIG_FILE'] || join(home, '.aws', 'config'),
    },
  ];
  const texts = await Promise.all(files.map(({ path }) => readFile(path, 'utf8').catch(() => '')));
  return files.filter((_, index) => SOURCES.test(defaultSection(texts[index] ?? '')));
}

function defaultSection(text: string): string {
  const start = /^\s*\[\s*(?:profile\s+)?default\s*\]/m.exec(text);
  if (start === null) return '';
  const rest = text.slice(start.index + start[0].length);
  const end = /^\s*\[/m.exec(rest);
  return end === null ? rest : rest.slice(0, end.index);
}
