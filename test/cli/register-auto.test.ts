import { describe, expect, test } from 'vitest';

import { transcript } from './transcript.ts';

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
