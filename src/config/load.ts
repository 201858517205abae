import { readFile } from 'node:fs/promises';

import { parseDocument } from 'yaml';
import type { Document } from 'yaml';
import type { z } from 'zod';

import { ValetkeyError } from '../core/errors.ts';
import type { Config } from './schema.ts';
import { ConfigSchema, STORE_KINDS } from './schema.ts';

/**
 * Reads and checks the configuration file; an absent file is the default configuration.
 * unless it was named (`required`).
 * `VALETKEY_STORE` and `VALETKEY_PASSPHRASE_FILE` win over the file. Throws `CONFIG_INVALID` with the
 * path of the wrong key as subject, `CONFIG_UNREADABLE` for a file that cannot be read.
 */
export async function loadConfig(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
  { required = false } = {},
): Promise<Config> {
  return applyEnvironment(parseConfig(await read(path, required), path), env);
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
  const parsed = ConfigSchema.safeParse(valueOf(document, path) ?? {});
  if (!parsed.success) throw invalid(parsed.error, path);
  return parsed.data;
}

/** Aliases are looked up here: one without an anchor, or one of a great many, throws. */
function valueOf(document: Document.Parsed, path: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    throw new ValetkeyError('CONFIG_INVALID', {
      subject: path,
      reason: 'a YAML alias (*name) in it cannot be resolved',
      hint: 'put a text that begins with * in quotes',
      cause,
    });
  }
}

async function read(path: string, required: boolean): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isAbsent && !required) return '';
    throw new ValetkeyError('CONFIG_UNREADABLE', {
      subject: path,
      ...(isAbsent ? { reason: 'there is no such file' } : {}),
      cause: error,
    });
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
