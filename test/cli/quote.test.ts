import { parseEnv } from 'node:util';

import { describe, expect, test } from 'vitest';

import { SHELLS, shellOf, shellText } from '../../src/cli/quote.ts';
import { AWKWARD, CLEARED, expectSurvival } from '../support/shells.ts';

describe('values survive the shell, and what must not be set is gone', () => {
  test('sh', () => {
    expectSurvival('sh', '/bin/sh', ['-c']);
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
