import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

test('a daemon outlives the reader of its log', async () => {
  writeFileSync(join(home, 'config.yaml'), 'listeners: [{address: "127.0.0.1:0"}]\n');
  const daemon = spawn(BIN, ['serve', '--ephemeral'], {
    cwd: home,
    env: { PATH: '/usr/bin:/bin', VALETKEY_HOME: home, VALETKEY_STORE: 'memory' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(daemon, 'exit');
  await once(daemon.stdout, 'data');
  daemon.stdout.destroy();
  daemon.stderr.destroy();
  // The reload is logged, each time, to nobody.
  for (let i = 0; i < 3; i++) {
    daemon.kill('SIGHUP');
    expect(run(BIN, ['status', '-o', 'json']).stdout).toContain(`"pid": ${daemon.pid}`);
  }
  daemon.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('a command is not cut short, as if done, because nobody reads its warnings', () => {
  const register =
    "'$0' connector register dev --type aws --auth-method secret-key --region us-east-1 " +
    '--aws-access-key-id AKIAIOSFODNN7EXAMPLE --aws-secret-access-key 0123456789abcdef0123 ' +
    '--no-verify; echo "code $?" >&3';
  const script = `exec 3>&1; { ${register.replaceAll("'", '"')}; } 2>&1 >/dev/null | :`;
  const env = {
    PATH: '/usr/bin:/bin',
    VALETKEY_HOME: home,
    VALETKEY_STORE: 'encrypted-file',
    VALETKEY_PASSPHRASE_FILE: join(home, 'passphrase'),
  };
  writeFileSync(env.VALETKEY_PASSPHRASE_FILE, 'open sesame, please', { mode: 0o600 });
  const { stdout } = spawnSync('sh', ['-c', script, BIN], { env, encoding: 'utf8' });
  expect(stdout).toBe('code 0\n');
  expect(existsSync(join(home, 'connectors/dev.yaml'))).toBe(true);
});
