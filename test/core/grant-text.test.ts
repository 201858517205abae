import { expect, test } from 'vitest';

import { ValetkeyError } from '../../src/core/errors.ts';
import { parseGrant } from '../../src/core/grant-text.ts';

test.for([
  ['aws-dev', { connector: 'aws-dev' }],
  ['aws-dev=s3://b', { connector: 'aws-dev', resource_id: 's3://b' }],
  ['aws-dev=s3://b:read', { connector: 'aws-dev', resource_id: 's3://b', access: 'read' }],
  [
    'aws-dev=arn:aws:s3:::b:write',
    { connector: 'aws-dev', resource_id: 'arn:aws:s3:::b', access: 'write' },
  ],
  ['aws-dev=arn:aws:s3:::b', { connector: 'aws-dev', resource_id: 'arn:aws:s3:::b' }],
  ['aws-dev=s3://b/k=v:full', { connector: 'aws-dev', resource_id: 's3://b/k=v', access: 'full' }],
  [
    'aws-dev=s3://b:read:full',
    { connector: 'aws-dev', resource_id: 's3://b:read', access: 'full' },
  ],
  ['aws-dev=s3://b:Read', { connector: 'aws-dev', resource_id: 's3://b:Read' }],
  ['aws-dev=read', { connector: 'aws-dev', resource_id: 'read' }],
] as const)('%s', ([text, expected]) => {
  expect(parseGrant(text)).toEqual(expected);
});

test.for(['', '=s3://b', 'aws-dev=', 'aws-dev=:read'])('“%s” is refused', (text) => {
  expect(() => parseGrant(text)).toThrow(ValetkeyError);
});
