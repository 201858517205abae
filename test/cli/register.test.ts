import { describe, expect, test } from 'vitest';

import { AWS_S3 } from './fixtures.ts';
import { transcript } from './transcript.ts';

const KEYS = [
  'connector',
  'register',
  'aws-dev',
  '--type',
  'aws',
  '--auth-method',
  'session-token',
];

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
