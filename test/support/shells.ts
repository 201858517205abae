import { execFileSync } from 'node:child_process';

import { expect } from 'vitest';

import { shellText } from '../../src/cli/quote.ts';
import type { Shell } from '../../src/cli/quote.ts';

/** Values that a shell would take apart. */
export const AWKWARD: Readonly<Record<string, string>> = {
  PLAIN: 'http://127.0.0.1:9911/v1/credentials',
  LIST: '127.0.0.1,localhost,[fd00:ec2::254]',
  EMPTY: '',
  SPACES: ' two  words ',
  SINGLE: "it's 'quoted'",
  DOUBLE: 'say "hi"',
  DOLLAR: '$HOME `id` $(id) ${PATH} %PATH% !x!',
  BACKSLASH: String.raw`C:\Users\dev\ \\host\n`,
  MULTILINE: 'one\ntwo\n',
  HASH: 'a#b # c; d & e | f > g < h * ? ~ ( )',
  UNICODE: 'ключ ’ ‘ “ 🔑',
};
export const CLEARED = ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID'];

/** What a program sees after a shell has read the statements; NUL-separated, so nothing is lost. */
function seenBy(
  shell: string,
  args: readonly string[],
  statements: string,
): Record<string, string> {
  const print = `process.stdout.write(Object.entries(process.env).flat().join('\\0'))`;
  const script = `${statements}\n'${process.execPath}' -e "${print}"`;
  const parts = execFileSync(shell, [...args, script], {
    env: { PATH: process.env['PATH'] ?? '', AWS_PROFILE: 'stale', AWS_ACCESS_KEY_ID: 'stale' },
    encoding: 'utf8',
  }).split('\0');
  return Object.fromEntries(
    parts.flatMap((part, i) => (i % 2 === 0 ? [[part, parts[i + 1] ?? '']] : [])),
  );
}

/** A real shell reads what `env` prints: every value arrives as it was, what must not be set is gone. */
export function expectSurvival(shell: Shell, program: string, args: readonly string[]): void {
  const seen = seenBy(program, args, shellText(shell, { set: AWKWARD, clear: CLEARED }));
  expect(seen).toMatchObject(AWKWARD);
  for (const name of CLEARED) expect(seen).not.toHaveProperty(name);
}
