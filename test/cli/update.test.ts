import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { temporaryHome } from '../support/home.ts';
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

  test('-i offers what is stored; a secret left empty stays, and so does what is left as it was', async () => {
    const { changes } = await transcript([...UPDATE, '-i'], {
      keys: ['\r', 'new-secret\r', '\r', '\r'],
    });
    expect(changes).toEqual([
      ['update', expect.objectContaining({ attributes: { aws_secret_access_key: 'new-secret' } })],
    ]);
    const other = await transcript([...UPDATE, '-i'], {
      keys: ['\r', '\r', '\u007F2\r', '\r'], // eu-west-1 → eu-west-2
    });
    expect(other.changes).toEqual([
      ['update', expect.objectContaining({ attributes: { region: 'eu-west-2' } })],
    ]);
  });

  test('-i takes a file for an answer, if it is as private as a secret must be', async () => {
    const cwd = await temporaryHome();
    await writeFile(join(cwd, 'key'), '{\n  "lines": 2\n}\n', { mode: 0o600 });
    await writeFile(join(cwd, 'open'), 'planted', { mode: 0o644 });
    const { changes, stderr } = await transcript([...UPDATE, '-i'], {
      cwd,
      keys: ['\r', '@open\r', '@none\r', '@key\r', '\r', '@@literal\r'],
    });
    expect(changes).toEqual([
      [
        'update',
        expect.objectContaining({
          attributes: { aws_secret_access_key: '{\n  "lines": 2\n}', mfa_serial: '@literal' },
        }),
      ],
    ]);
    expect(stderr).toContain('can be read or changed by others');
    expect(stderr).toContain('cannot be read (ENOENT)');
    expect(stderr).not.toContain('planted');
  });
});
