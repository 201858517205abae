import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { ValetkeyError } from '../../core/errors.ts';
import { secret } from '../../core/secret.ts';
import type { Machine } from '../contract.ts';
import {
  isMissing,
  readCredentialFile,
  unreadable,
  type CredentialFile,
} from './credential-file.ts';
import { gcloudFolder, shownPath } from './gcloud-folder.ts';
import { GOOGLE_UNIVERSE } from './place.ts';

type Env = Machine['env'];

/** How long to wait for a gcloud that is just writing, ms: the wait holds up everything else here. */
const LOCKED_MS = 100;

/**
 * What gcloud keeps of an account that logged in: a row of its database, else the file beside it that
 * older tools read. `undefined` when it knows no such account. Throws `CONFIG_UNREADABLE` naming the
 * file. Format: `googlecloudsdk/core/credentials/creds.py` of gcloud, SqliteCredentialStore.
 */
export async function gcloudLogin(
  account: string,
  universe: string,
  env: Env,
  signal: AbortSignal,
): Promise<CredentialFile | undefined> {
  const path = join(gcloudFolder(env), 'credentials.db');
  // Accounts of other clouds of Google's have theirs behind the name.
  const id = universe === GOOGLE_UNIVERSE ? account : `${account}#${universe}`;
  const row = (await isFile(path, env)) ? await rowOf(id, path, env) : undefined;
  if (row !== undefined) {
    return { json: secret(row), shown: shownPath(path, env), open: false };
  }
  // The account becomes part of a path.
  if (!/^[^/\\]+@[^/\\]+$/.test(account)) return undefined;
  const file = join(gcloudFolder(env), 'legacy_credentials', account, 'adc.json');
  return await readCredentialFile(file, env, signal);
}

async function isFile(path: string, env: Env): Promise<boolean> {
  try {
    // SQLite would wait for a pipe.
    if ((await stat(path)).isFile()) return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw unreadable(path, env, error);
  }
  throw unreadable(path, env, new Error('this is no regular file'));
}

async function rowOf(id: string, path: string, env: Env): Promise<string | undefined> {
  const { DatabaseSync } = await import('node:sqlite');
  try {
    const database = new DatabaseSync(path, { readOnly: true, timeout: LOCKED_MS });
    try {
      const row = database.prepare('SELECT value FROM credentials WHERE account_id = ?').get(id);
      const value = row?.['value'];
      if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
      return typeof value === 'string' ? value : undefined;
    } finally {
      database.close();
    }
  } catch (cause) {
    throw new ValetkeyError('CONFIG_UNREADABLE', {
      subject: shownPath(path, env),
      reason: 'it is no database of gcloud’s, or another program holds it',
      hint: 'try again, or log in anew: gcloud auth login',
      cause,
    });
  }
}
