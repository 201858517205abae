import { describe, expect, test } from 'vitest';

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
