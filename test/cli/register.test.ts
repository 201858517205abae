import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { AWS_S3 } from './fixtures.ts';
import { transcript } from './transcript.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'valetkey-cli-'));
});
afterEach(() => rm(cwd, { recursive: true }));

const KEYS = [
  'connector',
  'register',
  'aws-dev',
  '--type',
  'aws',
  '--auth-method',
  'session-token',
];

async function file(name: string, content: string, mode: number) {
  await writeFile(join(cwd, name), content);
  await chmod(join(cwd, name), mode);
}

/** The attributes that the first change carried. */
function sent({ changes }: Awaited<ReturnType<typeof transcript>>): unknown {
  return (changes[0]?.[1] as { attributes: unknown } | undefined)?.attributes;
}

describe('register with flags', () => {
  test('an attribute, verified and shown', async () => {
    const argv =
      'connector register aws-dev --type aws --auth-method profile --profile=dev-account';
    expect(await transcript(argv.split(' '))).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "listTypes",
            {
              "type": "aws",
            },
          ],
          [
            "register",
            {
              "attributes": {
                "profile": "dev-account",
              },
              "auth_method": "profile",
              "name": "aws-dev",
              "type": "aws",
              "verify": true,
            },
          ],
        ],
        "changes": [
          [
            "register",
            {
              "attributes": {
                "profile": "dev-account",
              },
              "auth_method": "profile",
              "name": "aws-dev",
              "type": "aws",
              "verify": true,
            },
          ],
        ],
        "code": 0,
        "stderr": "connector aws-dev registered and verified as arn:aws:iam::123456789012:user/dev
      ",
        "stdout": "RESOURCE TYPE  RESOURCE NAMES
      s3-bucket      s3://zenfiles
                     s3://zenlogs
      ",
      }
    `);
  });

  test('everything that may be set, underscores or hyphens alike, name last', async () => {
    const { changes } = await transcript([
      'service-connector',
      'register',
      '--type=aws',
      '-a',
      'profile',
      '--profile',
      'dev',
      '--resource_type',
      's3-bucket',
      '-ri',
      's3://b',
      '--description',
      'for_tests',
      '-l',
      'team=ml',
      '--label',
      'env=a=b',
      '--expires_at',
      '2026-12-31 18:00:00',
      '--expiration-seconds',
      '3600',
      '--allow_unscoped',
      '--no_verify',
      '--endpoint-url=http://a_b',
      '--region',
      'eu-west-1',
      'aws-dev',
    ]);
    expect(changes).toEqual([
      [
        'register',
        {
          name: 'aws-dev',
          type: 'aws',
          auth_method: 'profile',
          resource_type: 's3-bucket',
          resource_id: 's3://b',
          description: 'for_tests',
          labels: { team: 'ml', env: 'a=b' },
          expires_at: '2026-12-31 18:00:00',
          expiration_seconds: 3600,
          allow_unscoped: true,
          verify: false,
          attributes: { profile: 'dev', endpoint_url: 'http://a_b', region: 'eu-west-1' },
        },
      ],
    ]);
  });

  test('json carries what was saved', async () => {
    const { stdout } = await transcript([...KEYS, '--output', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ connector: { name: 'aws-dev' }, warnings: [] });
  });

  test('the warnings of a registration are shown', async () => {
    const { stderr, code } = await transcript(KEYS, {
      answers: {
        register: async () => ({ connector: AWS_S3, warnings: ['it cannot be narrowed'] }),
      },
    });
    expect(stderr).toContain('valetkey: warning: it cannot be narrowed\n');
    expect(code).toBe(0);
  });
});

describe('secrets', () => {
  test('from a private file and from standard input, without the last line break', async () => {
    await file('key', 'top=secret\n', 0o600);
    const seen = await transcript(
      [...KEYS, '--aws-access-key-id=@-', '--aws_secret_access_key=@key'],
      { cwd, stdin: 'AKIAEXAMPLE\r\n' },
    );
    expect(sent(seen)).toEqual({
      aws_access_key_id: 'AKIAEXAMPLE',
      aws_secret_access_key: 'top=secret',
    });
    expect(seen.stderr).not.toContain('warning');
  });

  test('in the arguments: taken, with a warning that does not repeat it', async () => {
    const seen = await transcript([
      ...KEYS,
      '--aws-secret-access-key=planted',
      '--region=eu-west-1',
    ]);
    expect(sent(seen)).toEqual({ aws_secret_access_key: 'planted', region: 'eu-west-1' });
    expect(seen.stderr.split('\n').filter((one) => one.includes('warning'))).toEqual([
      'valetkey: warning: --aws-secret-access-key is a secret and was given as an argument: other programs on this machine can see it, and the shell’s history keeps it',
    ]);
    expect(seen.stdout + seen.stderr).not.toContain('planted');
  });

  test('@@ is one literal @; a public value may come from a file that others can read', async () => {
    await file('region', 'eu-west-1', 0o644);
    const seen = await transcript([...KEYS, '--mfa-serial=@@dev', '--region=@region'], { cwd });
    expect(sent(seen)).toEqual({ mfa_serial: '@dev', region: 'eu-west-1' });
  });

  test('a secret file that others can read is refused, and nothing is saved', async () => {
    await file('key', 'planted', 0o644);
    const seen = await transcript([...KEYS, '--aws-secret-access-key=@key'], { cwd });
    expect([seen.code, seen.changes]).toEqual([9, []]);
    expect(seen.stderr).toContain(`${cwd}/key`);
    expect(seen.stderr).toContain('chmod 600');
    expect(seen.stderr).not.toContain('planted');
  });

  test('asked for at a terminal when they are missing, never shown', async () => {
    const seen = await transcript(KEYS, { keys: ['AKIAEXAMPLE\r', 'planted\r'] });
    expect(sent(seen)).toEqual({
      aws_access_key_id: 'AKIAEXAMPLE',
      aws_secret_access_key: 'planted',
    });
    expect(seen.stdout + seen.stderr).not.toContain('planted');
  });

  test('without a terminal nobody is asked: the API tells what is missing', async () => {
    expect(sent(await transcript(KEYS))).toEqual({});
  });
});

describe('--auto-configure', () => {
  const AUTO = ['connector', 'register', 'aws-auto', '--type', 'aws', '--auto-configure'];

  test('shows what was found, then saves it', async () => {
    const seen = await transcript([...AUTO, '--resource-type', 's3-bucket'], {
      env: { AWS_PROFILE: 'dev' },
    });
    expect(seen).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "listTypes",
            {
              "type": "aws",
            },
          ],
          [
            "autoConfigure",
            {
              "attributes": {},
              "env": {
                "AWS_PROFILE": "dev",
              },
              "resource_type": "s3-bucket",
              "type": "aws",
            },
          ],
          [
            "register",
            {
              "name": "aws-auto",
              "proposal": "p-1",
              "resource_type": "s3-bucket",
              "type": "aws",
              "verify": true,
            },
          ],
        ],
        "changes": [
          [
            "register",
            {
              "name": "aws-auto",
              "proposal": "p-1",
              "resource_type": "s3-bucket",
              "type": "aws",
              "verify": true,
            },
          ],
        ],
        "code": 0,
        "stderr": "FOUND        profile default in ~/.aws/credentials
      TYPE         aws
      AUTH METHOD  session-token
      EXPIRES IN   never
      NOTES        long-lived keys become sessions

      PROPERTY               VALUE
      region                 eu-west-1
      aws_access_key_id      [to be put into the store]
      aws_secret_access_key  [to be put into the store]

      connector aws-auto registered and verified as arn:aws:iam::123456789012:user/dev
      ",
        "stdout": "RESOURCE TYPE  RESOURCE NAMES
      s3-bucket      s3://zenfiles
                     s3://zenlogs
      ",
      }
    `);
  });

  test('attributes and method reach the search', async () => {
    const { calls } = await transcript([
      ...AUTO,
      '-a',
      'profile',
      '--profile=dev',
      '--expiration-seconds',
      '900',
    ]);
    expect(calls).toContainEqual([
      'autoConfigure',
      { type: 'aws', auth_method: 'profile', attributes: { profile: 'dev' }, env: {} },
    ]);
    expect(calls.at(-1)).toEqual([
      'register',
      { name: 'aws-auto', type: 'aws', expiration_seconds: 900, verify: true, proposal: 'p-1' },
    ]);
  });

  test('a person may say no', async () => {
    const no = await transcript(AUTO, { keys: ['n'] });
    expect([no.code, no.changes]).toEqual([0, []]);
    expect(no.stderr).toContain('nothing was saved');
    const yes = await transcript(AUTO, { keys: ['y'] });
    expect(yes.changes).toHaveLength(1);
    const unasked = await transcript([...AUTO, '--yes'], { keys: [] });
    expect(unasked.changes).toHaveLength(1);
  });
});

describe('update', () => {
  const UPDATE = ['connector', 'update', 'aws-s3'];

  test('everything that may be changed', async () => {
    const { changes, code } = await transcript([
      ...UPDATE,
      '--name',
      'aws-s3-eu',
      '-a',
      'profile',
      '--profile=dev',
      '-l',
      'team=data',
      '-l',
      'env',
      '--remove-attr',
      'resource-id',
      '--remove-attr=expiration_seconds',
      '--no-verify',
    ]);
    expect(code).toBe(0);
    expect(changes).toEqual([
      [
        'update',
        {
          name: 'aws-s3',
          new_name: 'aws-s3-eu',
          auth_method: 'profile',
          attributes: { profile: 'dev' },
          labels: { team: 'data' },
          remove_labels: ['env'],
          remove: ['resource_id', 'expiration_seconds'],
          verify: false,
        },
      ],
    ]);
  });

  test('-i offers what is stored; a secret left empty stays', async () => {
    const { changes } = await transcript([...UPDATE, '-i'], {
      keys: ['\r', 'new-secret\r', '\r', '\r'],
    });
    expect(changes).toEqual([
      [
        'update',
        expect.objectContaining({
          attributes: { aws_secret_access_key: 'new-secret', region: 'eu-west-1' },
        }),
      ],
    ]);
  });
});

describe('register -i', () => {
  test('from nothing to one bucket', async () => {
    const seen = await transcript(['connector', 'register', '-i'], {
      keys: [
        'aws-s3\r', // taken
        '\u007F\u007F', // s3 → nothing
        'new\r',
        'my buckets\r',
        '\r', // type: aws
        '\u001B[B',
        '\u001B[B',
        '\r', // resource type: s3-bucket
        'n', // not what the machine has
        '\u001B[B',
        '\r', // session-token
        'AKIAEXAMPLE\r',
        'planted\r',
        '\r', // region: the default
        '\r', // no MFA
        '\r', // does not expire
        '900\r',
        '\u001B[B',
        '\r', // s3://zenfiles
      ],
    });
    expect(seen.code).toBe(0);
    expect(seen.stderr).toContain('a connector of this name exists already');
    expect(seen.changes).toEqual([
      [
        'register',
        {
          name: 'aws-new',
          type: 'aws',
          auth_method: 'session-token',
          resource_type: 's3-bucket',
          description: 'my buckets',
          attributes: {
            aws_access_key_id: 'AKIAEXAMPLE',
            aws_secret_access_key: 'planted',
            region: 'us-east-1',
          },
          expiration_seconds: 900,
          verify: true,
        },
      ],
      ['update', { name: 'aws-new', resource_id: 's3://zenfiles', verify: true }],
    ]);
    expect(seen.stdout + seen.stderr).not.toContain('planted');
  });

  test('takes what the machine has; flags are not asked for', async () => {
    const seen = await transcript(
      [
        'connector',
        'register',
        'aws-dev',
        '-i',
        '-n',
        '--type',
        'aws',
        '--description',
        'd',
        '-r',
        'aws-generic',
      ],
      { keys: ['y', 'y'] },
    );
    expect(seen.changes).toEqual([
      [
        'register',
        {
          name: 'aws-dev',
          type: 'aws',
          resource_type: 'aws-generic',
          description: 'd',
          verify: true,
          proposal: 'p-1',
        },
      ],
    ]);
    expect(seen.stderr).not.toContain('WHAT IT DOES');
  });
});
