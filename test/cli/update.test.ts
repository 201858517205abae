import { describe, expect, test } from 'vitest';

import { transcript } from './transcript.ts';

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
