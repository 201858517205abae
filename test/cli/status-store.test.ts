import { describe, expect, test } from 'vitest';

import { STATUS } from './fixtures.ts';
import { transcript } from './transcript.ts';

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

  test('grants that cannot be used', async () => {
    const error = { code: 'CONNECTOR_NOT_FOUND', subject: 'gone' } as const;
    const workloads = [{ name: 'dev', grants: ['gone:read'], error }];
    const seen = await transcript(['status'], {
      answers: { status: async () => ({ ...STATUS, workloads, issued: [] }) },
    });
    expect(seen.stdout).toContain(
      'dev       gone:read\n          error: gone: there is no connector of this name\n',
    );
  });

  test('what a bearer token is good for', async () => {
    const [first] = STATUS.issued;
    const resources = [{ type: 'gcp-generic', access: 'full' as const, scopes: ['openid'] }];
    const token = { ...first!, connector: 'gcp-dev', credentialId: 'tok-1', resources };
    const issued = [
      { ...token, scopes: ['https://www.googleapis.com/auth/devstorage.read_only', 'openid'] },
      { ...token, audience: 'https://a.example' },
    ];
    const seen = await transcript(['status'], {
      answers: { status: async () => ({ ...STATUS, issued }) },
    });
    expect(seen.stdout.slice(seen.stdout.indexOf('CONNECTOR'))).toMatchInlineSnapshot(`
      "CONNECTOR  RESOURCES                           CREDENTIAL  EXPIRES IN  RENEWS IN  HELD BY  LAST ERROR
      gcp-dev    gcp-generic (full, scopes openid)   tok-1       50m         25m        dev
                 scopes devstorage.read_only openid
      gcp-dev    gcp-generic (full, scopes openid)   tok-1       50m         25m        dev
                 audience https://a.example
      "
    `);
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
