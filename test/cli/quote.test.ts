import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseEnv } from 'node:util';

import { describe, expect, test } from 'vitest';

import { SHELLS, shellOf, shellText } from '../../src/cli/quote.ts';

const AWKWARD: Readonly<Record<string, string>> = {
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
const CLEARED = ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID'];

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

describe('values survive the shell, and what must not be set is gone', () => {
  test.for([
    ['sh', '/bin/sh', ['-c']],
    ['sh', 'bash', ['--norc', '-c']],
    ['sh', 'zsh', ['-fc']],
    ['fish', 'fish', ['--no-config', '-c']],
    ['powershell', 'pwsh', ['-NoProfile', '-Command']],
  ] as const)('%s: %s', ([shell, program, args], { skip }) => {
    const installed = (process.env['PATH'] ?? '')
      .split(':')
      .some((folder) => existsSync(`${folder}/${program}`));
    if (!program.startsWith('/') && !installed) skip(`${program} is not installed here`);
    const seen = seenBy(program, args, shellText(shell, { set: AWKWARD, clear: CLEARED }));
    expect(seen).toMatchObject(AWKWARD);
    for (const name of CLEARED) expect(seen).not.toHaveProperty(name);
  });

  test('dotenv, as Node reads it', () => {
    const { BACKSLASH = '', ...rest } = AWKWARD;
    const writable = { ...rest, PATHNAME: String.raw`C:\Users\dev` };
    const text = shellText('dotenv', { set: writable, clear: CLEARED });
    expect(parseEnv(text)).toEqual(writable);
    expect(text).toContain('# must not be set: AWS_PROFILE AWS_ACCESS_KEY_ID');
    expect(text).toContain(`PLAIN=${AWKWARD['PLAIN']}\n`); // bare: docker keeps quotes
    expect(() => shellText('dotenv', { set: { BACKSLASH }, clear: [] })).toThrow(/BACKSLASH/);
  });

  test('json', () => {
    expect(JSON.parse(shellText('json', { set: AWKWARD, clear: CLEARED }))).toEqual({
      set: AWKWARD,
      unset: CLEARED,
    });
  });

  test('PowerShell: every kind of single quote is doubled', () => {
    expect(shellText('powershell', { set: { A: `'‘’‚‛"$x` }, clear: ['B'] })).toBe(
      `Remove-Item -ErrorAction SilentlyContinue Env:B\n$env:A = '''‘‘’’‚‚‛‛"$x'`,
    );
  });

  test('cmd: for a batch file; what it cannot say is refused', () => {
    expect(shellText('cmd', { set: { A: 'a&b %PATH% ^ |' }, clear: ['B'] })).toBe(
      'set "B="\nset "A=a&b %%PATH%% ^ |"',
    );
    for (const value of ['say "hi"', 'one\ntwo', 'one\r']) {
      expect(() => shellText('cmd', { set: { A: value }, clear: [] })).toThrow(/^A: /);
    }
  });
});

test('the shell is known by $SHELL', () => {
  const known = ['/bin/bash', '/usr/bin/fish', '/opt/pwsh', 'C:\\pwsh.exe', '/bin/zsh'].map(
    shellOf,
  );
  expect(known).toEqual(['sh', 'fish', 'powershell', 'powershell', 'sh']);
  expect(SHELLS).toContain(shellOf(undefined));
});
