import { readFile } from 'node:fs/promises';

import { parseDocument } from 'yaml';
import type { z } from 'zod';

import { ValetkeyError } from '../core/errors.ts';
import type { Config } from './schema.ts';
import { ConfigSchema, STORE_KINDS } from './schema.ts';

/**
 * Reads and checks the configuration file; an absent file is the default configuration.
 * `VALETKEY_STORE` and `VALETKEY_PASSPHRASE_FILE` win over the file. Throws `CONFIG_INVALID` with the
 * path of the wrong key as subject, `CONFIG_UNREADABLE` for a file that cannot be read.
 */
export async function loadConfig(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Config> {
  return applyEnvironment(parseConfig(await read(path), path), env);
}

/** The text of a configuration file as a checked value. Throws `CONFIG_INVALID`. */
export function parseConfig(text: string, path: string): Config {
  const document = parseDocument(text, { uniqueKeys: true });
  const [syntax] = document.errors;
  if (syntax !== undefined) {
    const line = syntax.linePos?.[0].line;
    throw new ValetkeyError('CONFIG_INVALID', {
      subject: line === undefined ? path : `${path}:${line}`,
      reason: `it is not YAML (${syntax.code})`,
      cause: syntax,
    });
  }
  const parsed = ConfigSchema.safeParse(document.toJS() ?? {});
  if (!parsed.success) throw invalid(parsed.error, path);
  return parsed.data;
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw new ValetkeyError('CONFIG_UNREADABLE', { subject: path, cause: error });
  }
}

function invalid(error: z.ZodError, path: string): ValetkeyError {
  const [issue] = error.issues;
  const where = issue?.path.map(String).join('.') ?? '';
  const key =
    issue?.code === 'unrecognized_keys' ? [where, issue.keys[0]].filter(Boolean).join('.') : where;
  return new ValetkeyError('CONFIG_INVALID', {
    subject: key === '' ? path : `${path}: ${key}`,
    ...(issue === undefined
      ? {}
      : { reason: issue.code === 'unrecognized_keys' ? 'there is no such key' : issue.message }),
    hint: 'the keys and their meaning are in docs/config.md',
  });
}

function applyEnvironment(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
): Config {
  const kind = env['VALETKEY_STORE'] || config.store?.kind || 'keychain';
  const known = STORE_KINDS.find((candidate) => candidate === kind);
  if (known === undefined) {
    throw new ValetkeyError('CONFIG_INVALID', {
      subject: 'VALETKEY_STORE',
      reason: 'there is no such store',
      hint: `use one of: ${STORE_KINDS.join(', ')}`,
    });
  }
  const keyFile = env['VALETKEY_PASSPHRASE_FILE'] || config.store?.key_file;
  return {
    ...config,
    store: {
      service: 'valetkey',
      ...config.store,
      kind: known,
      ...(keyFile === undefined ? {} : { key_file: keyFile }),
    },
  };
}
