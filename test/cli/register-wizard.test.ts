import { describe, expect, test } from 'vitest';

import { transcript } from './transcript.ts';

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
