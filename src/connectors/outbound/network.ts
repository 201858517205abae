import { readFile } from 'node:fs/promises';

import { ValetkeyError } from '../../core/errors.ts';
import type { Machine } from '../contract.ts';

type Env = Machine['env'];

/**
 * The PEM text of the file that the first of these variables names, which stands in place of the
 * public authorities as it does for the vendor's own tools; `undefined` when none is set. Throws
 * `CONFIG_UNREADABLE` naming the variable.
 */
export async function readBundle(
  env: Env,
  ...variables: readonly string[]
): Promise<string | undefined> {
  const variable = variables.find((name) => (env[name] ?? '') !== '');
  if (variable === undefined) return undefined;
  try {
    return await readFile(env[variable] ?? '', 'utf8');
  } catch (cause) {
    throw new ValetkeyError('CONFIG_UNREADABLE', { subject: variable, cause });
  }
}

/** The lower-case names win, as in curl. */
export function proxyOf(env: Env) {
  return {
    HTTP_PROXY: env['http_proxy'] ?? env['HTTP_PROXY'],
    HTTPS_PROXY: env['https_proxy'] ?? env['HTTPS_PROXY'],
    NO_PROXY: env['no_proxy'] ?? env['NO_PROXY'],
  };
}
