import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, expect, test } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin/valetkey', import.meta.url));

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'vk main '));
});
afterEach(() => rmSync(home, { recursive: true }));

function run(program: string, argv: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, argv, {
    cwd: home,
    env: { PATH: '/usr/bin:/bin', VALETKEY_HOME: home, VALETKEY_STORE: 'memory' },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('the program runs from any folder, through relative and absolute symlinks', () => {
  symlinkSync(BIN, join(home, 'absolute'));
  symlinkSync('absolute', join(home, 'valetkey'));
  for (const program of [BIN, join(home, 'absolute'), './valetkey']) {
    expect(run(program, ['--version'])).toEqual({ status: 0, stdout: '0.1.0\n', stderr: '' });
  }
});

test('without npm ci it says so', () => {
  cpSync(BIN, join(home, 'checkout/bin/valetkey'));
  cpSync(fileURLToPath(new URL('../../src/core', import.meta.url)), join(home, 'checkout/src'), {
    recursive: true,
  });
  const { status, stdout, stderr } = run(join(home, 'checkout/bin/valetkey'), ['--version']);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain('npm ci');
});

test('a command over the API opened in process', () => {
  const { status, stdout, stderr } = run(BIN, [
    'connector',
    'describe-type',
    'aws',
    '--output',
    'json',
  ]);
  expect([status, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toMatchObject({ kind: 'aws' });
});

test('an unknown connector is exit code 3', () => {
  const { status, stdout, stderr } = run(BIN, ['connector', 'describe', 'nobody']);
  expect([status, stdout]).toEqual([3, '']);
  expect(stderr).toMatch(/^valetkey: error: .*nobody/);
});

test('a reader that has seen enough is no error', () => {
  const script = `'${BIN}' connector list-types --detailed; echo "$?" >&2`;
  const text = execFileSync(
    'bash',
    [
      '--norc',
      '-c',
      `set -o pipefail; { ${script}; } 2>&1 >/dev/full | tail -1; '${BIN}' --help | head -1`,
    ],
    {
      env: { PATH: '/usr/bin:/bin', VALETKEY_HOME: home },
      encoding: 'utf8',
    },
  );
  expect(text).toMatch(/^1\nUsage: valetkey/);
});
