import { describe, expect, it } from 'vitest';

import { parseBucketPath } from '../../../src/connectors/aws/bucket.ts';
import { bucketScope } from '../../../src/connectors/aws/bucket-scope.ts';
import { mergeScopes } from '../../../src/connectors/aws/scope.ts';
import { sessionPolicy } from '../../../src/connectors/aws/session-policy.ts';
import type { AwsScope } from '../../../src/connectors/aws/cloud.ts';
import type { Access } from '../../../src/core/credential.ts';
import { judge, type Deed } from './policy-judge.ts';

const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd';

function scope(id: string | undefined, access: Access, kmsKeyArn?: string): AwsScope {
  return bucketScope({
    partition: 'aws',
    path: id === undefined ? undefined : parseBucketPath(id),
    access,
    kmsKeyArn,
  });
}

const ALL = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };

/** Both ways to write a scope: by itself, and as what remains of a policy that allows everything. */
const FORMS = [
  ['as Allow', {}],
  ['as Deny beside a policy of one’s own', { policy: JSON.stringify(ALL) }],
] as const;

const object = (action: string, key: string): Deed => ({
  action: `s3:${action}`,
  resource: `arn:aws:s3:::${key}`,
});
const list = (bucket: string, prefix?: string): Deed => ({
  action: 's3:ListBucket',
  resource: `arn:aws:s3:::${bucket}`,
  ...(prefix === undefined ? {} : { context: { 's3:prefix': prefix } }),
});
const key = (action: string, arn: string, via: string): Deed => ({
  action: `kms:${action}`,
  resource: arn,
  context: { 'kms:viaservice': via },
});

interface Row {
  readonly name: string;
  readonly scope: AwsScope | undefined;
  readonly yes: readonly Deed[];
  readonly no: readonly Deed[];
}

const READS = ['GetObject', 'GetObjectVersion', 'GetObjectTagging', 'GetObjectAttributes'];
const WRITES = ['PutObject', 'DeleteObject', 'AbortMultipartUpload', 'ListMultipartUploadParts'];
const OWNS = [
  'DeleteObjectVersion',
  'PutObjectTagging',
  'PutObjectAcl',
  'DeleteObjectTagging',
  'RestoreObject',
];
const NEVER = [
  object('PutBucketPolicy', 'b'),
  object('DeleteBucket', 'b'),
  object('PutLifecycleConfiguration', 'b'),
  object('BypassGovernanceRetention', 'b/k'),
  { action: 'iam:CreateUser', resource: 'arn:aws:iam::111122223333:user/x' },
  { action: 'sts:AssumeRole', resource: 'arn:aws:iam::111122223333:role/x' },
];
const on = (actions: readonly string[], path: string): Deed[] =>
  actions.map((action) => object(action, path));

const ROWS: readonly Row[] = [
  {
    name: 'read a bucket',
    scope: scope('b00', 'read'),
    yes: [
      list('b00'),
      list('b00', 'x/'),
      object('GetBucketLocation', 'b00'),
      object('GetBucketVersioning', 'b00'),
      object('ListBucketVersions', 'b00'),
      ...on(READS, 'b00/k/l'),
    ],
    no: [
      ...on(WRITES, 'b00/k'),
      ...on(OWNS, 'b00/k'),
      list('b001'),
      ...on(READS, 'b001/k'),
      object('ListAllMyBuckets', '*'),
      ...NEVER,
    ],
  },
  {
    name: 'write a bucket',
    scope: scope('b00', 'write'),
    yes: [
      list('b00'),
      object('ListBucketMultipartUploads', 'b00'),
      ...on([...READS, ...WRITES], 'b00/k'),
    ],
    no: [...on(OWNS, 'b00/k'), ...on(WRITES, 'b001/k'), ...NEVER],
  },
  {
    name: 'own a bucket',
    scope: scope('b00', 'full'),
    yes: [list('b00'), ...on([...READS, ...WRITES, ...OWNS], 'b00/k')],
    no: [...on([...READS, ...WRITES, ...OWNS], 'b001/k'), ...NEVER],
  },
  {
    name: 'write below a prefix',
    scope: scope('b00/a/b', 'write'),
    yes: [
      list('b00', 'a/b/'),
      list('b00', 'a/b/c'),
      object('GetBucketLocation', 'b00'),
      ...on([...READS, ...WRITES], 'b00/a/b/c/d'),
    ],
    no: [
      list('b00'),
      list('b00', ''),
      list('b00', 'a/'),
      list('b00', 'a/bc'),
      ...on([...READS, ...WRITES], 'b00/a/bc'),
      object('GetObject', 'b00/a/b'),
      object('ListBucketMultipartUploads', 'b00'),
      ...NEVER,
    ],
  },
  {
    name: 'a prefix whose characters mean something in a policy',
    scope: scope('b00/a*b/$?{x}/ü€', 'read'),
    yes: [list('b00', 'a*b/$?{x}/ü€/'), object('GetObject', 'b00/a*b/$?{x}/ü€/k')],
    no: [list('b00', 'a*b/'), object('GetObject', 'b00/a*b/$/ü€/k')],
  },
  {
    name: 'every bucket',
    scope: scope(undefined, 'read'),
    yes: [
      { action: 's3:ListAllMyBuckets', resource: '*' },
      list('b00'),
      list('c00', 'x'),
      ...on(READS, 'c00/k'),
    ],
    no: [...on(WRITES, 'c00/k'), ...NEVER],
  },
  {
    name: 'an encrypted bucket',
    scope: scope('b00', 'write', KEY),
    yes: [
      object('PutObject', 'b00/k'),
      key('Decrypt', KEY, 's3.eu-west-1.amazonaws.com'),
      key('GenerateDataKey', KEY, 's3.eu-west-1.amazonaws.com'),
    ],
    no: [
      key('Decrypt', KEY, 'ec2.eu-west-1.amazonaws.com'),
      { action: 'kms:Decrypt', resource: KEY },
      key('Decrypt', `${KEY}x`, 's3.eu-west-1.amazonaws.com'),
      key('ScheduleKeyDeletion', KEY, 's3.eu-west-1.amazonaws.com'),
    ],
  },
  {
    name: 'an encrypted bucket, to read',
    scope: scope('b00', 'read', KEY),
    yes: [key('Decrypt', KEY, 's3.eu-west-1.amazonaws.com')],
    no: [key('GenerateDataKey', KEY, 's3.eu-west-1.amazonaws.com')],
  },
  {
    name: 'two buckets, one to read and one to own',
    scope: mergeScopes([scope('r00', 'read'), scope('w00', 'full')]),
    yes: [
      list('r00'),
      list('w00'),
      ...on(READS, 'r00/k'),
      ...on([...READS, ...WRITES, ...OWNS], 'w00/k'),
    ],
    no: [...on([...WRITES, ...OWNS], 'r00/k'), list('x00'), ...NEVER],
  },
  {
    name: 'one to write and one to own',
    scope: mergeScopes([scope('r00', 'write'), scope('w00', 'full')]),
    yes: [...on([...READS, ...WRITES], 'r00/k'), ...on([...WRITES, ...OWNS], 'w00/k')],
    no: [...on(OWNS, 'r00/k'), ...on(WRITES, 'x00/k')],
  },
  {
    name: 'two prefixes of one bucket',
    scope: mergeScopes([scope('b00/a', 'read'), scope('b00/b', 'write')]),
    yes: [
      list('b00', 'a/'),
      list('b00', 'b/x'),
      object('GetObject', 'b00/a/k'),
      ...on([...READS, ...WRITES], 'b00/b/k'),
    ],
    no: [list('b00'), list('b00', 'c/'), ...on(WRITES, 'b00/a/k'), object('GetObject', 'b00/c/k')],
  },
  {
    name: 'a bucket and a prefix of it',
    scope: mergeScopes([scope('b00/a', 'write'), scope('b00', 'read')]),
    yes: [
      list('b00'),
      list('b00', 'c/'),
      object('GetObject', 'b00/c/k'),
      object('PutObject', 'b00/a/k'),
    ],
    no: [object('PutObject', 'b00/c/k'), ...NEVER],
  },
  {
    name: 'every bucket to read and one prefix to write',
    scope: mergeScopes([scope('b00/a', 'write'), scope(undefined, 'read')]),
    yes: [
      list('b00'),
      list('c00'),
      object('GetObject', 'c00/k'),
      object('PutObject', 'b00/a/k'),
      { action: 's3:ListAllMyBuckets', resource: '*' },
    ],
    no: [object('PutObject', 'b00/k'), object('PutObject', 'c00/a/k')],
  },
  {
    name: 'nothing at all',
    scope: mergeScopes([]),
    yes: [],
    no: [list('b00'), object('GetObject', 'b00/k'), ...NEVER],
  },
];

describe.each(FORMS)('%s', (_, own) => {
  it.each(ROWS)('$name', (row) => {
    const policy = sessionPolicy(row.scope, own);
    expect(policy?.inline).toMatch(/^[!-~]+$/);
    const allows = judge(policy);
    expect(row.yes.filter((deed) => !allows(deed))).toEqual([]);
    expect(row.no.filter((deed) => allows(deed))).toEqual([]);
  });
});

describe('both ways agree', () => {
  const deeds = ROWS.flatMap(({ yes, no }) => [...yes, ...no]);
  const scopes = ROWS.flatMap(({ name, scope: one }) =>
    ROWS.map((other) => [`${name} + ${other.name}`, mergeScopes([one, other.scope])] as const),
  );

  it('on every deed of every pair of scopes that STS takes', () => {
    let compared = 0;
    for (const [name, merged] of scopes) {
      const [plain, beside] = FORMS.map(([, own]) => attempt(() => sessionPolicy(merged, own)));
      if (plain === undefined || beside === undefined) continue;
      const [one, other] = [judge(plain), judge(beside)];
      const differing = deeds.filter((deed) => one(deed) !== other(deed));
      expect([name, differing]).toEqual([name, []]);
      compared += deeds.length;
    }
    expect(compared).toBeGreaterThan(10_000);
  });
});

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    expect(error).toMatchObject({ code: 'INPUT_INVALID', subject: 'policy' });
    return undefined;
  }
}

it('characters that mean something in a policy are written as themselves', () => {
  const [, , objects] = scope('b00/a*b/$?{x}', 'read').groups;
  expect(objects?.resources).toEqual(['arn:aws:s3:::b00/a${*}b/${$}${?}{x}/*']);
});

it('an unlimited part makes the whole unlimited', () => {
  expect(mergeScopes([scope('b00', 'read'), undefined])).toBeUndefined();
});

it('merging adds nothing to what is there already', () => {
  const full = scope('b00', 'full');
  expect(mergeScopes([full, scope('b00', 'read'), scope('b00/a', 'write')])).toEqual(full);
});
