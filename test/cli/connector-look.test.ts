import { describe, expect, test } from 'vitest';

import { AWS_S3, BROKEN, ISSUED } from './fixtures.ts';
import { transcript } from './transcript.ts';

const line = (text: string) => transcript(text.split(' '));

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

  test('the client’s view of a token: its scopes; who it speaks for may be unknown', async () => {
    const view = {
      ...ISSUED,
      resources: [{ type: 'gcp-generic', access: 'full' as const }],
      kind: 'access-token',
      credentialId: 'tok-0123456789abcdef0123',
      principal: '',
      accountId: '',
      scopes: ['https://www.googleapis.com/auth/cloud-platform', 'openid'],
      scope: null,
    };
    const seen = await transcript(['connector', 'describe', 'gcp-dev', '--client'], {
      answers: { describeClient: async () => view },
    });
    expect(seen.stdout).toMatchInlineSnapshot(`
      "CONNECTOR      aws-s3
      RESOURCES      gcp-generic (full)
      KIND           access-token
      CREDENTIAL ID  tok-0123456789abcdef0123
      PRINCIPAL      unknown
      ACCOUNT        unknown
      ISSUED AT      2026-11-21T12:00:00.000Z
      EXPIRES AT     2026-11-21T13:00:00.000Z
      EXPIRES IN     1h
      OAUTH SCOPES   https://www.googleapis.com/auth/cloud-platform
                     openid
      NARROWED       yes
      SCOPE          none
      "
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
    for (const format of ['table', 'json', 'yaml']) {
      const { stdout } = await transcript(['connector', 'describe', 'aws-s3', '-o', format], {
        answers,
      });
      expect(stdout).toContain('gone');
      for (const control of ['\u001B', '\u009B']) expect(stdout).not.toContain(control);
    }
  });
});
