import { describe, expect, test } from 'vitest';

import type { RunningDaemon } from '../../src/cli/context.ts';
import { fromWire, ValetkeyError } from '../../src/core/errors.ts';
import { STATUS } from './fixtures.ts';
import { transcript } from './transcript.ts';

function daemon(closed: Promise<void>) {
  const stopped: string[] = [];
  const running: RunningDaemon = {
    status: async () => STATUS,
    closed,
    stop: async () => void stopped.push('stopped'),
  };
  return { running, stopped };
}

const sigtermListeners = () => process.listenerCount('SIGTERM');
const line = (text: string) => transcript(text.split(' '));

describe('status', () => {
  test('what is issued, to whom, until when', async () => {
    expect(await line('status')).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "status",
            {},
          ],
        ],
        "changes": [],
        "code": 0,
        "stderr": "",
        "stdout": "MODE     daemon
      VERSION  0.1.0
      PID      4711
      HOME     /home/dev/.local/state/valetkey
      STORE    keychain Secret Service

      LISTENER        ENDPOINTS
      127.0.0.1:9911  ecs, imds

      WORKLOAD  GRANTS
      dev       aws-s3=s3://zenfiles:read

      CONNECTOR  RESOURCES                       CREDENTIAL   EXPIRES IN  RENEWS IN  HELD BY  LAST ERROR
      aws-s3     s3-bucket s3://zenfiles (read)  ASIAEXAMPLE  50m         25m        dev
      ",
      }
    `);
  });

  test('without a daemon; a credential that fails to renew', async () => {
    const [first] = STATUS.issued;
    const failing = {
      ...first!,
      renewsAt: '2026-11-21T11:59:00.000Z',
      lastError: { code: 'UPSTREAM_UNAVAILABLE' } as const,
    };
    const status = {
      ...STATUS,
      mode: 'in-process' as const,
      listeners: [],
      workloads: [],
      issued: [failing],
    };
    const seen = await transcript(['status'], { answers: { status: async () => status } });
    expect(seen.stderr).toContain('no daemon is running');
    expect(seen.stdout).toMatch(/50m +now +dev +the cloud cannot be reached\n$/);
  });

  test('--output json is the view', async () => {
    expect(JSON.parse((await line('status -o json')).stdout)).toEqual(STATUS);
  });
});

describe('store', () => {
  test('status', async () => {
    expect(await line('store status')).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "status",
            {},
          ],
        ],
        "changes": [],
        "code": 0,
        "stderr": "",
        "stdout": "STORE     keychain
      LOCATION  Secret Service
      STATE     answers
      ",
      }
    `);
  });

  test('status of a locked store fails and says what to do', async () => {
    const store = {
      ...STATUS.store,
      error: { code: 'STORE_LOCKED', hint: 'unlock the keyring' } as const,
    };
    const seen = await transcript(['store', 'status'], {
      answers: { status: async () => ({ ...STATUS, store }) },
    });
    expect(seen.code).toBe(5);
    expect(seen.stdout).toMatchInlineSnapshot(`
      "STORE      keychain
      LOCATION   Secret Service
      STATE      error: the secret store is locked
      NEXT STEP  unlock the keyring
      "
    `);
  });

  test('migrate', async () => {
    const answers = {
      migrateStore: async () => ({
        moved: ['aws-dev', 'aws-s3'],
        from: 'keychain',
        to: 'encrypted-file',
      }),
    };
    const argv = ['store', 'migrate', '--from', 'keychain', '--to', 'encrypted-file'];
    expect(await transcript(argv, { answers })).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "migrateStore",
            {
              "from": "keychain",
              "keep": false,
              "to": "encrypted-file",
            },
          ],
        ],
        "changes": [
          [
            "migrateStore",
            {
              "from": "keychain",
              "keep": false,
              "to": "encrypted-file",
            },
          ],
        ],
        "code": 0,
        "stderr": "2 secrets moved, verified and deleted from the old store: keychain → encrypted-file
      ",
        "stdout": "SECRET
      aws-dev
      aws-s3
      ",
      }
    `);
    const kept = await transcript([...argv, '--keep'], { answers });
    expect(kept.calls).toEqual([
      ['migrateStore', { from: 'keychain', to: 'encrypted-file', keep: true }],
    ]);
    expect(kept.stderr).toContain('copied and verified');
  });
});

describe('env', () => {
  const access = {
    workload: 'dev',
    region: 'eu-west-1',
    tokenFile: '/run/tokens/dev',
    token: 'abc',
    baseUrl: 'http://127.0.0.1:9911',
    endpoints: ['ecs', 'imds'],
  };
  const setting = (more: object = {}) => ({
    answers: { openWorkload: async () => access },
    daemon: {
      clientVariables: async (given: object, mode: string) => ({
        set: { WHO: `${(given as typeof access).workload} by ${mode}`, NO_PROXY: '127.0.0.1' },
        clear: ['AWS_PROFILE'],
      }),
    },
    ...more,
  });

  test('a workload, by name or by flag', async () => {
    const seen = await transcript(['env', 'dev', '--shell', 'sh'], setting());
    expect(seen).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "status",
            {},
          ],
          [
            "openWorkload",
            {
              "workload": "dev",
            },
          ],
        ],
        "changes": [],
        "code": 0,
        "stderr": "",
        "stdout": "unset AWS_PROFILE
      export WHO='dev by ecs'
      export NO_PROXY='127.0.0.1'
      export no_proxy='127.0.0.1'
      ",
      }
    `);
    const flag = await transcript(['env', '--workload', 'dev', '--shell', 'sh'], setting());
    expect(flag).toEqual(seen);
  });

  test('the shell in use, its own proxy exceptions kept, IMDS', async () => {
    const seen = await transcript(
      ['env', 'dev', '--mode', 'imds'],
      setting({ env: { SHELL: '/usr/bin/fish', NO_PROXY: 'intra.example' } }),
    );
    expect(seen.stdout).toMatchInlineSnapshot(`
      "set -e AWS_PROFILE;
      set -gx WHO 'dev by imds';
      set -gx NO_PROXY 'intra.example,127.0.0.1';
      set -gx no_proxy 'intra.example,127.0.0.1';
      "
    `);
  });

  test('grants make an unnamed workload', async () => {
    const seen = await transcript(
      ['env', '--grant', 'aws-s3=s3://b:read', '--grant', 'aws-dev', '--shell', 'json'],
      setting(),
    );
    expect(seen.calls).toContainEqual([
      'openWorkload',
      {
        grants: [
          { connector: 'aws-s3', resource_id: 's3://b', access: 'read' },
          { connector: 'aws-dev' },
        ],
      },
    ]);
    expect(JSON.parse(seen.stdout)).toMatchObject({
      set: { WHO: 'dev by ecs' },
      unset: ['AWS_PROFILE'],
    });
  });
});

describe('serve', () => {
  test('tells where it listens and ends with the daemon', async () => {
    const asked: unknown[] = [];
    const { running, stopped } = daemon(Promise.resolve());
    const seen = await transcript(['serve', '--config', 'my.yaml', '--ephemeral'], {
      daemon: {
        serve: async (options) => {
          asked.push(options);
          return running;
        },
      },
    });
    expect(asked).toEqual([{ config: 'my.yaml', ephemeral: true }]);
    expect(stopped).toEqual(['stopped']);
    expect(seen).toMatchInlineSnapshot(`
      {
        "calls": [],
        "changes": [],
        "code": 0,
        "stderr": "",
        "stdout": "serving ecs, imds on 127.0.0.1:9911
      secrets in keychain (Secret Service); process 4711; Ctrl-C stops it
      ",
      }
    `);
  });

  test('SIGTERM stops it; no listener of ours stays behind', async () => {
    const before = sigtermListeners();
    const { running, stopped } = daemon(new Promise(() => {}));
    const ended = transcript(['serve', '--output', 'json'], {
      daemon: { serve: async () => running },
    });
    while (sigtermListeners() === before) await new Promise(setImmediate);
    process.emit('SIGTERM');
    const { code, stdout } = await ended;
    expect([code, JSON.parse(stdout), stopped]).toEqual([0, STATUS, ['stopped']]);
    expect(sigtermListeners()).toBe(before);
  });

  test.for([
    ['ADDRESS_IN_USE', 8],
    ['ADDRESS_REFUSED', 9],
    ['CONFIG_INVALID', 2],
    ['DAEMON_RUNNING', 8],
  ] as const)('%s is exit code %i', async ([code, exit]) => {
    const seen = await transcript(['serve'], {
      daemon: { serve: () => Promise.reject(fromWire({ code, subject: '127.0.0.1:9911' })) },
    });
    expect([seen.code, seen.stdout]).toEqual([exit, '']);
    expect(seen.stderr).toContain('valetkey: error: 127.0.0.1:9911: ');
  });

  test('a daemon that dies takes the command with it', async () => {
    const { running } = daemon(Promise.reject(new ValetkeyError('STORE_UNREACHABLE')));
    const seen = await transcript(['serve'], { daemon: { serve: async () => running } });
    expect(seen.code).toBe(5);
  });
});

test.for([0, 1])('demo: its words and its exit code %i', async (code) => {
  const seen = await transcript(['demo'], {
    daemon: {
      runDemo: async (write) => {
        write('who asked\n');
        return code;
      },
    },
  });
  expect(seen).toEqual({ code, stdout: 'who asked\n', stderr: '', calls: [], changes: [] });
});

test('version, help, help of a command', async () => {
  expect((await line('--version')).stdout).toBe('0.1.0\n');
  const help = await line('connector register --help');
  expect([help.code, help.stderr]).toEqual([0, '']);
  expect(help.stdout).toContain('--auto-configure');
  const same = await line('connector help register');
  expect([same.code, same.stdout]).toEqual([0, help.stdout]);
  expect((await line('help exec')).stdout).toContain('--grant <grant>');
});
