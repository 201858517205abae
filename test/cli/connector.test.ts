import { describe, expect, test } from 'vitest';

import { fromWire, ValetkeyError } from '../../src/core/errors.ts';
import { AWS_S3, BROKEN, VERIFIED } from './fixtures.ts';
import { transcript } from './transcript.ts';

const line = (text: string) => transcript(text.split(' '));

describe('looking at types', () => {
  test('list-types', async () => {
    expect(await line('connector list-types')).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "listTypes",
            {},
          ],
        ],
        "changes": [],
        "code": 0,
        "stderr": "",
        "stdout": "NAME                 TYPE  RESOURCE TYPES  AUTH METHODS
      Amazon Web Services  aws   aws-generic     profile
                                 s3-bucket       session-token
      ",
      }
    `);
  });

  test('list-types filters, detailed', async () => {
    const seen = await line('connector list-types -t aws -r s3-bucket -a profile --detailed');
    expect(seen.calls).toEqual([
      ['listTypes', { type: 'aws', resource_type: 's3-bucket', auth_method: 'profile' }],
    ]);
    expect(seen.stdout).toContain('s3-bucket: An S3 bucket');
  });

  test('describe-type', async () => {
    expect((await line('connector describe-type aws')).stdout).toMatchInlineSnapshot(`
      "Amazon Web Services (aws)

      Sessions of AWS STS.

      AUTH METHOD    WHAT IT DOES
      profile        A named profile
      session-token  A session from an access key

      RESOURCE TYPE  WHAT IT IS
      aws-generic    Any AWS service
      s3-bucket      An S3 bucket

      Found on this machine by itself: valetkey connector register <name> --type aws --auto-configure

      More: valetkey connector describe-type aws --auth-method <auth-method> | --resource-type <resource-type>
      "
    `);
  });

  test('describe-type --resource-type', async () => {
    const seen = await line('connector describe-type aws --resource-type s3-bucket');
    expect(seen.stdout).toMatchInlineSnapshot(`
      "An S3 bucket (aws, s3-bucket)

      Objects of one bucket.

      INSTANCES           yes: a resource id names one
      ACCESS              read, write, full
      ID FORMATS          s3://bucket
                          arn:aws:s3:::bucket
      NEEDED PERMISSIONS  s3:ListBucket
                          s3:GetObject
      "
    `);
  });

  test('describe-type --auth-method', async () => {
    const seen = await line('connector describe-type aws --auth-method session-token');
    expect(seen.stdout).toMatchInlineSnapshot(`
      "A session from an access key (aws, session-token)

      Calls GetSessionToken.

      NARROWS TO A RESOURCE  no: what it issues may do all that its identity may
      INSTEAD                iam-role or federation-token narrow
      LIFETIME               12h (from 15m to 1d12h)
      NEEDS A LOGIN          yes: valetkey connector login <name>

      ATTRIBUTE                TYPE    SECRET  REQUIRED  DEFAULT    DESCRIPTION
      --aws-access-key-id      string  yes     yes                  the aws_access_key_id
      --aws-secret-access-key  string  yes     yes                  the aws_secret_access_key
      --region                 string  no      no        us-east-1  the region
      --mfa-serial             string  no      no                   the mfa_serial
      "
    `);
  });
});

describe('looking at connectors', () => {
  test('list', async () => {
    const seen = await transcript(['connector', 'list'], {
      answers: { listConnectors: async () => [AWS_S3, BROKEN] },
    });
    expect(seen).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "listConnectors",
            {},
          ],
        ],
        "changes": [],
        "code": 0,
        "stderr": "valetkey: warning: connectors/broken.yaml: a connector file cannot be understood
      valetkey: hint: repair or delete the file
      ",
        "stdout": "NAME    TYPE          AUTH METHOD    RESOURCE TYPES  RESOURCE NAME  EXPIRES IN  LABELS
      aws-s3  aws           session-token  s3-bucket       <multiple>     11h59m56s   team=ml
      broken  <unreadable>
      ",
      }
    `);
  });

  test('list with every filter', async () => {
    const { calls } = await line(
      'connector list -t aws -a profile -r s3-bucket -ri s3://b -l team=ml --label env',
    );
    expect(calls).toEqual([
      [
        'listConnectors',
        {
          type: 'aws',
          auth_method: 'profile',
          resource_type: 's3-bucket',
          resource_id: 's3://b',
          labels: ['team=ml', 'env'],
        },
      ],
    ]);
  });

  test('an empty list says so on stderr, and is an empty list as JSON', async () => {
    const answers = { listConnectors: async () => [] };
    const table = await transcript(['connector', 'list'], { answers });
    expect([table.stdout, table.code]).toEqual(['', 0]);
    const json = await transcript(['connector', 'list', '--output', 'json'], { answers });
    expect(json.stdout).toBe('[]\n');
  });

  test('describe', async () => {
    expect(await line('connector describe aws-s3')).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "describeConnector",
            {
              "name": "aws-s3",
            },
          ],
        ],
        "changes": [],
        "code": 0,
        "stderr": "",
        "stdout": "NAME              aws-s3
      ID                6f1c0c5e-0000-4000-8000-000000000001
      TYPE              aws
      AUTH METHOD       session-token
      RESOURCE TYPES    s3-bucket
      RESOURCE NAME     <multiple>
      SESSION DURATION  1h
      EXPIRES IN        11h59m56s
      STORE             keychain
      CREATED AT        2026-11-20T08:00:00.000Z
      UPDATED AT        2026-11-20T08:00:00.000Z

      PROPERTY               VALUE
      region                 eu-west-1
      aws_access_key_id      [in the keychain store]
      aws_secret_access_key  [in the keychain store]

      LABEL  VALUE
      team   ml
      ",
      }
    `);
  });

  test('describe --resource-id shows the client’s view', async () => {
    expect(await line('connector describe aws-s3 --resource-id s3://zenfiles'))
      .toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "describeClient",
            {
              "name": "aws-s3",
              "resource_id": "s3://zenfiles",
            },
          ],
        ],
        "changes": [],
        "code": 0,
        "stderr": "",
        "stdout": "CONNECTOR      aws-s3
      RESOURCES      s3-bucket s3://zenfiles (full)
      KIND           aws-session
      CREDENTIAL ID  ASIAEXAMPLE
      PRINCIPAL      arn:aws:sts::123456789012:assumed-role/dev/valetkey
      ACCOUNT        123456789012
      ISSUED AT      2026-11-21T12:00:00.000Z
      EXPIRES AT     2026-11-21T13:00:00.000Z
      EXPIRES IN     1h
      NARROWED       yes
      SCOPE          {
                       "Version": "2012-10-17"
                     }
      ",
      }
    `);
  });

  test('describe of a record that cannot be read fails', async () => {
    const seen = await transcript(['connector', 'describe', 'broken'], {
      answers: { describeConnector: async () => BROKEN },
    });
    expect(seen).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "describeConnector",
            {
              "name": "broken",
            },
          ],
        ],
        "changes": [],
        "code": 5,
        "stderr": "valetkey: error: connectors/broken.yaml: a connector file cannot be understood
      valetkey: hint: repair or delete the file
      ",
        "stdout": "",
      }
    `);
  });

  test('json and yaml carry the view itself', async () => {
    const json = await line('connector describe aws-s3 --output json');
    expect(JSON.parse(json.stdout)).toEqual(JSON.parse(JSON.stringify(AWS_S3)));
    const yaml = await line('connector describe aws-s3 -o yaml');
    expect(yaml.stdout).toContain('authMethod: session-token\n');
    expect(yaml.stdout).not.toContain('resourceId');
  });

  test('escape sequences in a shared connector do not reach the terminal', async () => {
    const evil = { ...AWS_S3, description: '\u001B[2Jgone\u009B31m\u202E' };
    const answers = { describeConnector: async () => evil };
    for (const format of ['table', 'json']) {
      const { stdout } = await transcript(['connector', 'describe', 'aws-s3', '-o', format], {
        answers,
      });
      expect(stdout).toContain('gone');
      for (const control of ['\u001B', '\u009B']) expect(stdout).not.toContain(control);
    }
  });
});

describe('verify and list-resources', () => {
  test('verify', async () => {
    expect(await line('connector verify aws-s3')).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "verify",
            {
              "name": "aws-s3",
              "verify_only": false,
            },
          ],
        ],
        "changes": [],
        "code": 0,
        "stderr": "connector aws-s3 works: arn:aws:iam::123456789012:user/dev (account 123456789012)
      ",
        "stdout": "RESOURCE TYPE  RESOURCE NAMES
      s3-bucket      s3://zenfiles
                     s3://zenlogs
      ",
      }
    `);
  });

  test('verify --verify-only with a resource', async () => {
    const { calls } = await line('connector verify aws-s3 -v -r s3-bucket --resource_id s3://b');
    expect(calls).toEqual([
      [
        'verify',
        { name: 'aws-s3', resource_type: 's3-bucket', resource_id: 's3://b', verify_only: true },
      ],
    ]);
  });

  test('verify fails when nothing that was checked is reachable', async () => {
    const resources = VERIFIED.resources.map((row) => ({
      ...row,
      resourceIds: [],
      error: { code: 'UPSTREAM_DENIED', upstreamCode: 'AccessDenied' } as const,
    }));
    const seen = await transcript(['connector', 'verify', 'aws-s3'], {
      answers: { verify: async () => ({ ...VERIFIED, resources }) },
    });
    expect(seen).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "verify",
            {
              "name": "aws-s3",
              "verify_only": false,
            },
          ],
        ],
        "changes": [],
        "code": 6,
        "stderr": "valetkey: warning: connector aws-s3 authenticates as arn:aws:iam::123456789012:user/dev, but reaches nothing it was asked for
      ",
        "stdout": "RESOURCE TYPE  RESOURCE NAMES
      s3-bucket      error: the cloud denied the request (AccessDenied)
      ",
      }
    `);
  });

  test('verify: wrong STS credentials name the connector and the code', async () => {
    const seen = await transcript(['connector', 'verify', 'aws-s3'], {
      answers: {
        verify: async () => {
          throw fromWire({
            code: 'UPSTREAM_BAD_CREDENTIAL',
            subject: 'aws-s3',
            upstreamCode: 'InvalidClientTokenId',
          });
        },
      },
    });
    expect(seen).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "verify",
            {
              "name": "aws-s3",
              "verify_only": false,
            },
          ],
        ],
        "changes": [],
        "code": 6,
        "stderr": "valetkey: error: aws-s3: the cloud does not accept the stored credential (InvalidClientTokenId)
      ",
        "stdout": "",
      }
    `);
  });

  test('list-resources of one connector, and of all', async () => {
    expect(await line('connector list-resources aws-s3 --resource-type s3-bucket'))
      .toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "listResources",
            {
              "name": "aws-s3",
              "resource_type": "s3-bucket",
            },
          ],
        ],
        "changes": [],
        "code": 0,
        "stderr": "",
        "stdout": "CONNECTOR  TYPE  RESOURCE TYPE  RESOURCE NAMES
      aws-s3     aws   s3-bucket      s3://zenfiles
                                      s3://zenlogs
      ",
      }
    `);
    const all = await line('connector list-resources --resource-type s3-bucket -c aws');
    expect(all.calls).toEqual([['listResources', { type: 'aws', resource_type: 's3-bucket' }]]);
  });

  test('list-resources --exclude-errors', async () => {
    const failing = {
      connector: 'aws-dev',
      connectorType: 'aws',
      resourceType: 's3-bucket',
      resourceIds: [],
      error: { code: 'UPSTREAM_UNAVAILABLE' },
    } as const;
    const answers = { listResources: async () => [...VERIFIED.resources, failing] };
    const all = await transcript(['connector', 'list-resources'], { answers });
    expect(all.stdout).toContain('error: the cloud cannot be reached');
    const some = await transcript(['connector', 'list-resources', '-e'], { answers });
    expect(some.stdout).not.toContain('aws-dev');
  });
});

describe('delete, login', () => {
  test('delete', async () => {
    expect(await line('connector delete aws-s3')).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "remove",
            {
              "name": "aws-s3",
            },
          ],
        ],
        "changes": [
          [
            "remove",
            {
              "name": "aws-s3",
            },
          ],
        ],
        "code": 0,
        "stderr": "connector aws-s3 deleted; credentials it issued stay valid until they expire
      ",
        "stdout": "",
      }
    `);
  });

  test('delete asks a person first', async () => {
    const no = await transcript(['connector', 'delete', 'aws-s3'], { keys: ['\r'] });
    expect(no.changes).toEqual([]);
    const yes = await transcript(['connector', 'delete', 'aws-s3'], { keys: ['y'] });
    expect(yes.changes).toEqual([['remove', { name: 'aws-s3' }]]);
    const cancelled = await transcript(['connector', 'delete', 'aws-s3'], { keys: ['\u0003'] });
    expect([cancelled.code, cancelled.changes]).toEqual([130, []]);
  });

  test('login that is not needed', async () => {
    const seen = await transcript(['connector', 'login', 'aws-s3'], {
      answers: { loginStart: async () => ({}) },
    });
    expect([seen.code, seen.stderr]).toEqual([0, 'connector aws-s3 needs no login\n']);
  });

  test('device login', async () => {
    const prompt = {
      kind: 'device',
      url: 'https://device.example/',
      userCode: 'ABCD-EFGH',
      expiresAt: '2026-11-21T12:10:00.000Z',
    } as const;
    const seen = await transcript(['connector', 'login', 'aws-s3'], {
      answers: {
        loginStart: async () => ({ flow: 'f-1', prompt }),
        loginFinish: async () => AWS_S3,
      },
    });
    expect(seen).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "loginStart",
            {
              "name": "aws-s3",
            },
          ],
          [
            "loginFinish",
            {
              "flow": "f-1",
            },
          ],
        ],
        "changes": [
          [
            "loginFinish",
            {
              "flow": "f-1",
            },
          ],
        ],
        "code": 0,
        "stderr": "open  https://device.example/
      and confirm the code  ABCD-EFGH
      waiting (10m) …
      logged in: connector aws-s3 is ready for 11h59m56s
      ",
        "stdout": "",
      }
    `);
  });

  test('MFA code: as a flag, from standard input, asked for, missing', async () => {
    const answers = {
      loginStart: async () =>
        ({ flow: 'f-1', prompt: { kind: 'code', label: 'Code of mfa/dev' } }) as const,
      loginFinish: async () => AWS_S3,
    };
    const argv = ['connector', 'login', 'aws-s3'];
    const finished = [['loginFinish', { flow: 'f-1', code: '123456' }]];
    expect((await transcript([...argv, '--code', '123456'], { answers })).changes).toEqual(
      finished,
    );
    expect((await transcript(argv, { answers, stdin: '123456\n' })).changes).toEqual(finished);
    expect((await transcript(argv, { answers, keys: ['123456\r'] })).changes).toEqual(finished);
    const missing = await transcript(argv, { answers });
    expect([missing.code, missing.changes]).toEqual([2, []]);
  });

  test('an unknown error is one fixed message, without what it says', async () => {
    const seen = await transcript(['connector', 'delete', 'aws-s3'], {
      answers: {
        remove: async () => {
          throw new Error('secret AKIAPLANTED');
        },
      },
      env: { VALETKEY_DEBUG: '1' },
    });
    expect(seen.code).toBe(1);
    expect(seen.stderr).toContain('something went wrong inside valetkey');
    expect(seen.stderr).toContain('    at ');
    expect(seen.stderr).not.toContain('AKIAPLANTED');
  });

  test('a refusal keeps its exit code and hint', async () => {
    const seen = await transcript(['connector', 'delete', 'aws-s3'], {
      answers: {
        remove: async () => {
          throw new ValetkeyError('IN_USE', {
            subject: 'aws-s3',
            hint: 'remove it from workload dev',
          });
        },
      },
    });
    expect(seen).toMatchInlineSnapshot(`
      {
        "calls": [
          [
            "remove",
            {
              "name": "aws-s3",
            },
          ],
        ],
        "changes": [
          [
            "remove",
            {
              "name": "aws-s3",
            },
          ],
        ],
        "code": 4,
        "stderr": "valetkey: error: aws-s3: the connector is in use
      valetkey: hint: remove it from workload dev
      ",
        "stdout": "",
      }
    `);
  });
});
