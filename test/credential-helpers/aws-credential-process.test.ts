import { spawn } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { ControlApi } from '../../src/control/api.ts';
import { serveControl } from '../../src/control/server.ts';
import type { Issued } from '../../src/core/credential.ts';
import { ValetkeyError } from '../../src/core/errors.ts';
import { ConnectorName } from '../../src/core/ids.ts';

const BIN = fileURLToPath(new URL('../../bin/valetkey', import.meta.url));
const EXPIRES = Date.now() + 3_600_000;

const request: Issued['request'] = {
  connector: ConnectorName.parse('aws-dev'),
  resources: [{ type: 's3-bucket', id: 's3://b', access: 'read' }],
};
const credential: Issued['credential'] = {
  kind: 'aws-session',
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'secret',
  sessionToken: 'token',
  issuedAt: EXPIRES - 3_600_000,
  expiresAt: EXPIRES,
  accountId: '123456789012',
  principalArn: 'arn:aws:sts::123456789012:assumed-role/dev/valetkey',
};

let home: string;
let calls: [string, unknown][];
let close: (() => Promise<void>) | undefined;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'vk-'));
  calls = [];
});
afterEach(async () => {
  await close?.();
  close = undefined;
  await rm(home, { recursive: true });
});

async function daemon(issue: () => Promise<Issued>) {
  const api: Partial<ControlApi> = {
    workloadProfiles: async (input) => {
      calls.push(['workloadProfiles', input]);
      const profiles = ['aws-dev', 'other'].map((name) => ({
        name,
        kind: 'aws-session' as const,
        request,
      }));
      const azure = { name: 'dev', vmSize: 'custom', tags: {} };
      const gce = {
        name: 'dev',
        machineType: 'custom',
        tags: [],
        attributes: {},
        projectAttributes: {},
      };
      return { workload: 'dev', roleName: 'dev', imdsV1: false, gce, azure, profiles };
    },
    issue: async (input) => {
      calls.push(['issue', input]);
      return issue();
    },
  };
  const served = await serveControl(
    api as ControlApi,
    join(home, 'run', 'control.sock'),
    async () => '',
  );
  close = () => served.close();
}

const issued: Issued = {
  request,
  credential,
  connectorType: 'aws',
  authMethod: 'iam-role',
  narrowed: true,
  scope: null,
};

/** As an SDK starts it: no shell, no HOME, nothing on standard input, any working directory. */
function run(argv: readonly string[], program = BIN) {
  const started = performance.now();
  const child = spawn(program, ['credential-process', ...argv], {
    env: { VALETKEY_HOME: home, PATH: '/usr/bin:/bin' },
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  return new Promise<{ code: number | null; stdout: string; stderr: string; ms: number }>(
    (resolve) => {
      child.once('close', (code) =>
        resolve({ code, stdout, stderr, ms: performance.now() - started }),
      );
    },
  );
}

const lines = (text: string) => text.trimEnd().split('\n');

test('one JSON document, Version a number, Expiration in whole seconds of UTC', async () => {
  await daemon(async () => issued);
  const { code, stdout, stderr } = await run(['--workload', 'dev']);
  expect([code, stderr]).toEqual([0, '']);
  expect(lines(stdout)).toHaveLength(1);
  expect(JSON.parse(stdout)).toEqual({
    Version: 1,
    AccessKeyId: 'ASIAEXAMPLE',
    SecretAccessKey: 'secret',
    SessionToken: 'token',
    Expiration: `${new Date(EXPIRES).toISOString().slice(0, 19)}Z`,
    AccountId: '123456789012',
  });
  expect(calls).toEqual([
    ['workloadProfiles', { workload: 'dev' }],
    [
      'issue',
      {
        request,
        evidence: {
          workload: 'dev',
          by: 'credential_process',
          endpoint: 'aws-credential-process',
          uid: process.getuid?.(),
          pid: process.pid,
        },
        wait_ms: 30_000,
      },
    ],
  ]);
});

test('grants, a profile, and a symlink elsewhere to the program', async () => {
  await daemon(async () => issued);
  const link = join(home, 'valetkey');
  symlinkSync(BIN, link);
  const { code } = await run(['--grant', 'aws-dev=s3://b:read', '--profile', 'other'], link);
  expect(code).toBe(0);
  expect(calls[0]).toEqual([
    'workloadProfiles',
    { grants: [{ connector: 'aws-dev', resource_id: 's3://b', access: 'read' }] },
  ]);
});

test.for([
  ['no daemon', undefined],
  ['a daemon that hangs', 'hangs'],
  ['something else at the socket', 'closes'],
] as const)('%s: not zero within 2 s, one line on stderr, empty stdout', async ([, behaviour]) => {
  if (behaviour !== undefined) {
    await daemon(async () => issued); // makes the folder
    await close?.();
    const server = createServer((socket) => {
      if (behaviour === 'closes') socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{]');
    });
    const sockets = new Set<{ destroy(): unknown }>();
    server.on('connection', (socket) => sockets.add(socket));
    await new Promise<void>(
      (resolve) => void server.listen(join(home, 'run', 'control.sock'), resolve),
    );
    close = async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    };
  }
  const { code, stdout, stderr, ms } = await run(['--workload', 'dev']);
  expect([code, stdout]).toEqual([8, '']);
  expect(lines(stderr)).toHaveLength(1);
  expect(stderr).toContain('valetkey serve');
  expect(ms).toBeLessThan(2_000);
});

test.for([
  [
    'denied',
    new ValetkeyError('UPSTREAM_DENIED', { subject: 'aws-dev', upstreamCode: 'AccessDenied' }),
    6,
  ],
  [
    'needs a login',
    new ValetkeyError('LOGIN_REQUIRED', { hint: 'valetkey connector login aws-dev' }),
    6,
  ],
] as const)('%s: the daemon’s reason on one line', async ([, error, exit]) => {
  await daemon(() => Promise.reject(error));
  const { code, stdout, stderr } = await run(['--workload', 'dev']);
  expect([code, stdout]).toEqual([exit, '']);
  expect(lines(stderr)).toHaveLength(1);
  expect(stderr).toContain(error.hint ?? 'AccessDenied');
});

test('an expired credential is not printed', async () => {
  await daemon(async () => ({
    ...issued,
    credential: { ...credential, expiresAt: Date.now() - 1 },
  }));
  const { code, stdout } = await run(['--workload', 'dev']);
  expect([code, stdout]).toEqual([6, '']);
});

test.for([
  [],
  ['--workload', 'a', '--grant', 'b'],
  ['--frobnicate'],
  ['surplus'],
  ['--workload', 'dev', '--profile', 'x'],
])('bad arguments: %j', async (argv) => {
  await daemon(async () => issued);
  const { code, stdout, stderr } = await run(argv);
  expect(code).toBe(argv.includes('--profile') ? 3 : 2);
  expect([stdout, lines(stderr).length]).toEqual(['', 1]);
});
