import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';

import { mayBeMissing } from '../support/programs.ts';
const MAIN = fileURLToPath(new URL('exec-main.ts', import.meta.url));
const NODE = [process.execPath, MAIN];
const ENV = { PATH: process.env['PATH'] ?? '' };

function exec(argv: readonly string[], { env = {}, input = '' } = {}) {
  const [node = '', ...args] = [...NODE, 'exec', ...argv];
  const { status, stdout, stderr } = spawnSync(node, args, {
    env: { ...ENV, ...env },
    input,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** Starts a child behind `exec`; resolves when it has said so. */
async function started(argv: readonly string[], ready: string) {
  const [node = '', ...args] = [...NODE, 'exec', ...argv];
  const child = spawn(node, args, { env: ENV });
  let seen = '';
  let waiting: (() => void) | undefined;
  const hear = (part: Buffer) => {
    seen += part.toString();
    waiting?.();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const ended = new Promise<number | null>((resolve) => void child.once('close', resolve));
  const until = (text: string) =>
    new Promise<void>((resolve) => {
      waiting = () => void (seen.includes(text) && resolve());
      waiting();
    });
  await until(ready);
  return { child, ended, until, seen: () => seen };
}

const node = (script: string) => [process.execPath, '-e', script];

describe('what the child gets', () => {
  test('the endpoint’s variables, and nothing that would win over it', () => {
    const env = {
      AWS_PROFILE: 'stale',
      AWS_ACCESS_KEY_ID: '',
      KEPT: 'yes',
      no_proxy: 'intra.example, localhost',
    };
    const script = 'process.stdout.write(JSON.stringify(process.env))';
    const { stdout, stderr, status } = exec(
      ['--grant', 'aws-dev=s3://b:read', '--', ...node(script)],
      { env },
    );
    const seen = JSON.parse(stdout) as Record<string, string>;
    expect(seen).toMatchObject({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/v1/credentials',
      KEPT: 'yes',
      NO_PROXY: 'intra.example,localhost,127.0.0.1',
      no_proxy: 'intra.example,localhost,127.0.0.1',
    });
    expect(seen).not.toHaveProperty('AWS_PROFILE');
    expect(seen).not.toHaveProperty('AWS_ACCESS_KEY_ID');
    expect([status, stderr]).toEqual([0, '[stopped]\n']);
  });

  test('its arguments as they are, with and without a second --', () => {
    const script = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
    const words = ['a_b', '--grant', 'x', '-ri', '--foo_bar=1', '--', '--', "it's"];
    const { stdout } = exec(['--workload', 'dev', '--', ...node(script), '--', ...words]);
    expect(JSON.parse(stdout)).toEqual(words);
  });

  test('standard input', () => {
    expect(exec(['--workload', 'dev', '--', 'cat'], { input: 'hello' }).stdout).toBe('hello');
  });

  test('a cloud that is away is told and does not stop it', () => {
    const { stderr, status } = exec(['--grant', 'away', '--', 'true']);
    expect([status, stderr]).toEqual([
      0,
      'valetkey: warning: the cloud does not answer yet\n[stopped]\n',
    ]);
  });
});

describe('how it ends', () => {
  test.for([0, 1, 7, 255])('exit code %i goes through', (code) => {
    expect(exec(['--workload', 'dev', '--', ...node(`process.exit(${code})`)]).status).toBe(code);
  });

  test('a child that a signal ended: 128 and its number', () => {
    const { status, stderr } = exec([
      '--workload',
      'dev',
      '--',
      ...node(`process.kill(process.pid, 'SIGKILL')`),
    ]);
    expect([status, stderr]).toEqual([137, '[stopped]\n']);
  });

  test('command not found: 127; not executable: 126', () => {
    const missing = exec(['--workload', 'dev', '--', 'no-such-program-here']);
    expect(missing).toEqual({
      status: 127,
      stdout: '',
      stderr: 'valetkey: no-such-program-here: command not found\n[stopped]\n',
    });
    const plain = exec(['--workload', 'dev', '--', fileURLToPath(import.meta.url)]);
    expect([plain.status, plain.stderr.includes('it cannot be run')]).toEqual([126, true]);
  });

  test('a denied grant: the child is never started', () => {
    const { status, stdout, stderr } = exec(['--grant', 'denied', '--', 'echo', 'started']);
    expect([status, stdout]).toEqual([6, '']);
    expect(stderr).toContain('valetkey: error: denied: the cloud denied the request');
  });
});

describe('signals', () => {
  const SIGNALS = [
    'SIGINT',
    'SIGTERM',
    'SIGHUP',
    'SIGQUIT',
    'SIGUSR1',
    'SIGUSR2',
    'SIGWINCH',
  ] as const;

  test.for(SIGNALS)('%s is passed on, once', async (signal) => {
    const script = `let n = 0; process.on('${signal}', () => { n++; console.log('got ' + n); setTimeout(() => process.exit(40 + n), 100) }); setTimeout(() => process.exit(99), 15_000); console.log('ready')`;
    const { child, ended, seen } = await started(
      ['--workload', 'dev', '--', ...node(script)],
      'ready',
    );
    child.kill(signal);
    expect(await ended).toBe(41);
    expect(seen()).toContain('got 1');
    expect(seen()).toContain('[stopped]');
  });

  test.for(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('a child that %s ends', async (signal) => {
    const { child, ended } = await started(
      [
        '--workload',
        'dev',
        '--',
        ...node(`console.log('ready'); setTimeout(() => process.exit(99), 15_000)`),
      ],
      'ready',
    );
    child.kill(signal);
    expect(await ended).toBe(128 + constants.signals[signal]);
  });

  test('before the endpoint is open: nothing is started, the endpoint is stopped', async () => {
    const { child, ended, seen } = await started(
      ['--grant', 'slow', '--', 'echo', 'started'],
      '[opening]',
    );
    child.kill('SIGTERM');
    setTimeout(() => child.stdin.write('go on\n'), 100);
    expect(await ended).toBe(143);
    expect(seen()).toBe('[opening]\n[stopped]\n');
  });

  // A key press reaches the whole foreground group; passed on as well, it would arrive twice.
  test.skipIf(mayBeMissing('script'))('Ctrl-C at a terminal arrives once', async () => {
    const script = `let n = 0; process.on('SIGINT', () => { n++; setTimeout(() => { console.log('got ' + n); process.exit(40 + n) }, 300) }); setTimeout(() => process.exit(99), 15_000); console.log('ready')`;
    const words = [...NODE, 'exec', '--workload', 'dev', '--', ...node(script)];
    const line = words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
    const terminal = spawn('/usr/bin/script', ['-qec', `exec ${line}`, '/dev/null'], {
      env: { ...ENV, SHELL: '/bin/sh' },
    });
    let seen = '';
    terminal.stdout.on('data', (part: Buffer) => {
      if (part.toString().includes('ready')) terminal.stdin.write('\u0003');
      seen += part.toString();
    });
    const code = await new Promise((resolve) => void terminal.once('close', resolve));
    expect(seen).toContain('got 1');
    expect(code).toBe(41);
  });
});
