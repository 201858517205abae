import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

import { ValetkeyError } from '../../core/errors.ts';
import { secret, type Secret } from '../../core/secret.ts';
import type { Machine } from '../contract.ts';
import { gcloudFolder, nonEmpty, shownPath } from './gcloud-folder.ts';
import { readRegularFile } from '../../files/regular-file.ts';

type Env = Machine['env'];

/** Key files have about 2 KiB. */
const MAX_BYTES = 65_536;

/** A file of credentials, its content not understood yet. */
export interface CredentialFile {
  readonly json: Secret;
  /** For people: `~/.config/gcloud/application_default_credentials.json`. */
  readonly shown: string;
  /** May others on the machine read it? */
  readonly open: boolean;
}

/**
 * Application Default Credentials: the file that GOOGLE_APPLICATION_CREDENTIALS names, else the one that
 * `gcloud auth application-default login` left; `undefined` without either. Throws `CONFIG_UNREADABLE`
 * for one that is named, or there, and cannot be read.
 * https://cloud.google.com/docs/authentication/application-default-credentials#order
 */
export async function defaultCredentials(
  env: Env,
  signal: AbortSignal,
): Promise<CredentialFile | undefined> {
  const variable = 'GOOGLE_APPLICATION_CREDENTIALS';
  const named = nonEmpty(env[variable]);
  const usual = join(gcloudFolder(env), 'application_default_credentials.json');
  if (named === undefined) return await readCredentialFile(usual, env, signal);
  // Relative to where the variables' owner is, which need not be where this process is.
  const path = isAbsolute(named) ? named : join(env['PWD'] ?? '', named);
  const file = await readCredentialFile(path, env, signal);
  if (file !== undefined) return file;
  throw new ValetkeyError('CONFIG_UNREADABLE', {
    subject: variable,
    reason: `there is no file ${shownPath(named, env)}`,
    hint: 'correct or unset the variable',
  });
}

/** `undefined` where there is none. Throws `CONFIG_UNREADABLE` naming it. */
export async function readCredentialFile(
  path: string,
  env: Env,
  signal: AbortSignal,
): Promise<CredentialFile | undefined> {
  const text = await readText(path, env, signal);
  if (text === undefined) return undefined;
  return { json: secret(text), shown: shownPath(path, env), open: await readableByOthers(path) };
}

/** The same for a file without secrets. */
export async function readText(
  path: string,
  env: Env,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return await readRegularFile(path, MAX_BYTES, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (isMissing(error)) return undefined;
    throw unreadable(path, env, error);
  }
}

export function unreadable(path: string, env: Env, cause: unknown): ValetkeyError {
  return new ValetkeyError('CONFIG_UNREADABLE', {
    subject: shownPath(path, env),
    hint: 'check what the file is, who owns it and its mode',
    cause,
  });
}

export function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Windows has no such modes. */
async function readableByOthers(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  return process.platform !== 'win32' && (mode & 0o077) !== 0;
}
