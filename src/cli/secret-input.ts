import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';

import { ValetkeyError } from '../core/errors.ts';
import { readPrivateFile } from '../files/private-file.ts';
import { flagOf } from './attributes.ts';
import type { CliContext } from './context.ts';
import type { Terminal } from './terminal.ts';

/**
 * Values of attributes, ZenML's way: `@file` is a file's content, `@-` standard input, `@@…` a value
 * that begins with one `@`. One line break at the end of a file is not part of the value. A file
 * that holds a secret must be private; a secret typed as an argument is taken with a warning.
 */
export async function readValues(
  attributes: Readonly<Record<string, string>>,
  secretKeys: ReadonlySet<string>,
  { context, terminal }: { context: CliContext; terminal: Terminal },
): Promise<Record<string, string>> {
  refuseSecondStdin(attributes);
  const values: Record<string, string> = {};
  for (const [key, written] of Object.entries(attributes)) {
    const isSecret = secretKeys.has(key);
    if (written === '@-') {
      values[key] = withoutLastBreak(await readAll(context.stdin));
    } else if (written.startsWith('@') && !written.startsWith('@@')) {
      const path = resolve(context.cwd, written.slice(1));
      values[key] = withoutLastBreak(await readValueFile(key, path, isSecret));
    } else {
      values[key] = written.startsWith('@@') ? written.slice(1) : written;
      if (isSecret) warnArgument(key, terminal);
    }
  }
  return values;
}

/** The same for an answer to a question: `@file` and `@@…`. Throws what is wrong with the file. */
export async function readAnswer(
  key: string,
  written: string,
  isSecret: boolean,
  { cwd }: CliContext,
): Promise<string> {
  if (!written.startsWith('@')) return written;
  if (written.startsWith('@@')) return written.slice(1);
  return withoutLastBreak(await readValueFile(key, resolve(cwd, written.slice(1)), isSecret));
}

async function readValueFile(key: string, path: string, isSecret: boolean): Promise<string> {
  try {
    return isSecret ? await readPrivateFile(path) : await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof ValetkeyError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new ValetkeyError('INPUT_INVALID', {
      subject: flagOf(key),
      reason: `the file ${path} cannot be read (${code})`,
      hint: 'a value that begins with @ names a file; write @@ for a literal @',
    });
  }
}

function refuseSecondStdin(attributes: Readonly<Record<string, string>>): void {
  const [first, second] = Object.keys(attributes).filter((key) => attributes[key] === '@-');
  if (first === undefined || second === undefined) return;
  throw new ValetkeyError('USAGE', {
    subject: flagOf(second),
    reason: `standard input is read for ${flagOf(first)} already`,
    hint: 'put one of the two into a private file and name it with @file',
  });
}

function warnArgument(key: string, terminal: Terminal): void {
  terminal.warn(
    `${flagOf(key)} is a secret and was given as an argument: other programs on this machine can see it, and the shell’s history keeps it`,
    `next time leave it out to be asked, or write ${flagOf(key)}=@file or ${flagOf(key)}=@- (standard input)`,
  );
}

function withoutLastBreak(text: string): string {
  return text.replace(/\r?\n$/, '');
}
