import { describe, expect, test } from 'vitest';

import { fromWire } from '../../src/core/errors.ts';
import { VERIFIED } from './fixtures.ts';
import { transcript } from './transcript.ts';

const line = (text: string) => transcript(text.split(' '));

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

  test('a listing that failed half-way: what it found, and the error', async () => {
    const half = {
      connector: 'azure-dev',
      connectorType: 'azure',
      resourceType: 'blob-container',
      resourceIds: ['az://acmelake/payroll'],
      error: { code: 'UPSTREAM_DENIED', subject: 'acmedata' },
    } as const;
    const answers = {
      listResources: async () => [half],
      verify: async () => ({ ...VERIFIED, resources: [half] }),
    };
    const all = await transcript(['connector', 'list-resources'], { answers });
    expect(all.stdout).toMatch(/az:\/\/acmelake\/payroll\s+error: acmedata: the cloud denied/);
    const some = await transcript(['connector', 'list-resources', '-e'], { answers });
    expect(some.stdout).toContain('az://acmelake/payroll');
    expect(some.stdout).not.toContain('error');
    const verified = await transcript(['connector', 'verify', 'azure-dev'], { answers });
    expect(verified.code).toBe(0);
    expect(verified.stdout).toContain('az://acmelake/payroll');
  });
});
