import { readFile } from 'node:fs/promises';
import type { Dispatcher } from 'undici';

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

/**
 * The lower-case names win, as in curl. Throws `CONFIG_INVALID` naming the variable, never its value:
 * a proxy's password is a part of it.
 */
export function proxyOf(env: Env) {
  return {
    HTTP_PROXY: proxyIn(env, 'HTTP_PROXY'),
    HTTPS_PROXY: proxyIn(env, 'HTTPS_PROXY'),
    NO_PROXY: env['no_proxy'] ?? env['NO_PROXY'],
  };
}

function proxyIn(env: Env, name: string): string | undefined {
  const lower = name.toLowerCase();
  const text = env[lower] ?? env[name];
  if (text === undefined || text === '') return text;
  // A proxy without a scheme is spoken to in plain HTTP, as by curl and Python's requests.
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return url.href;
  throw new ValetkeyError('CONFIG_INVALID', {
    subject: env[lower] === undefined ? name : lower,
    reason: 'it is no URL of an HTTP proxy',
    hint: 'write it like http://proxy.example:3128',
  });
}

/**
 * Connections by these variables alone, and nothing of the process's. `caVariables` may name a file with
 * certificate authorities. Throws `CONFIG_INVALID` and `CONFIG_UNREADABLE` naming the variable.
 */
export async function openDispatcher(
  env: Env,
  caVariables: readonly string[],
  connectMs: number,
): Promise<Dispatcher> {
  const [{ EnvHttpProxyAgent }, ca] = await Promise.all([
    import('undici'),
    readBundle(env, ...caVariables),
  ]);
  const { HTTPS_PROXY, NO_PROXY } = proxyOf(env);
  const connect = { timeout: connectMs, ...(ca === undefined ? {} : { ca }) };
  // Empty texts, not absent ones: those would be looked up among the process's own variables.
  return new EnvHttpProxyAgent({
    // Plain HTTP is for near hosts alone, which no proxy reaches.
    httpProxy: '',
    httpsProxy: HTTPS_PROXY ?? '',
    noProxy: NO_PROXY ?? '',
    allowH2: false, // single exchanges: nothing to gain by it
    connect,
    requestTls: connect,
    proxyTls: connect,
  });
}
