import { describe, expect, test } from 'vitest';

import { transcript } from './transcript.ts';

describe('env', () => {
  const access = {
    workload: 'dev',
    region: 'eu-west-1',
    tokenFile: '/run/tokens/dev',
    token: 'abc',
    baseUrl: 'http://127.0.0.1:9911',
    endpoints: ['ecs', 'imds'],
    clouds: ['aws'] as const,
  };
  const setting = (more: object = {}) => ({
    answers: { openWorkload: async () => access },
    daemon: {
      clientVariables: async (given: object, mode: string | undefined) => ({
        variables: {
          set: {
            WHO: `${(given as typeof access).workload} by ${mode ?? 'need'}`,
            NO_PROXY: '127.0.0.1',
          },
          clear: ['AWS_PROFILE'],
        },
        warnings: [],
      }),
    },
    ...more,
  });

  test('a workload that only the identity endpoints of Azure serve', async () => {
    const azure = { identity: {}, imds: 'http://127.0.0.1:1' };
    const alone = { ...access, baseUrl: undefined, endpoints: [], clouds: ['azure'], azure };
    const answers = { openWorkload: async () => alone };
    const argv = ['env', 'dev', '--mode', 'azure', '--shell', 'sh'];
    const seen = await transcript(argv, setting({ answers }));
    expect(seen).toMatchObject({ code: 0, stderr: '' });
    expect(seen.stdout).toContain("WHO='dev by azure'");
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
      export WHO='dev by need'
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

  test('Google’s metadata server alone; a daemon that has no other listener than that', async () => {
    const { baseUrl: _, ...rest } = access;
    const account = {
      email: 'robot@p.example',
      projectId: 'p',
      universeDomain: 'googleapis.com',
      scopes: [],
      audiences: 'any' as const,
    };
    const gce = { baseUrl: 'http://127.0.0.1:4711', account };
    const seen = await transcript(
      ['env', 'dev', '--mode', 'gce', '--shell', 'sh'],
      setting({ answers: { openWorkload: async () => ({ ...rest, gce }) } }),
    );
    expect([seen.code, seen.stderr]).toEqual([0, '']);
    expect(seen.stdout).toContain("export WHO='dev by gce'");
  });

  test('grants that cannot be used yet: told, and the variables all the same', async () => {
    const problem = { code: 'CONNECTOR_NOT_FOUND', subject: 'gcp-dev' } as const;
    const seen = await transcript(
      ['env', 'dev', '--shell', 'sh'],
      setting({ answers: { openWorkload: async () => ({ ...access, clouds: [], problem }) } }),
    );
    expect(seen.code).toBe(0);
    expect(seen.stdout).toContain("export WHO='dev by need'");
    expect(seen.stderr).toBe(
      'valetkey: warning: workload dev: gcp-dev: there is no connector of this name\n',
    );
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
      set: { WHO: 'dev by need' },
      unset: ['AWS_PROFILE'],
    });
  });
});
