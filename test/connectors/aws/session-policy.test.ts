import { describe, expect, it } from 'vitest';

import type { AwsScope, ScopeGroup } from '../../../src/connectors/aws/cloud.ts';
import { outsideOf } from '../../../src/connectors/aws/scope-denials.ts';
import { covers } from '../../../src/connectors/aws/scope.ts';
import {
  sessionPolicy,
  SESSION_POLICY_MAX_CHARS,
} from '../../../src/connectors/aws/session-policy.ts';
import { allows } from './policy-judge.ts';

const SCOPE: AwsScope = {
  groups: [{ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::b/*'] }],
};
const own = (...statements: object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });
const get = (key: string) => ({ action: 's3:GetObject', resource: `arn:aws:s3:::${key}` });

describe('what is sent', () => {
  it('nothing, when nobody asks for less', () => {
    expect(sessionPolicy(undefined, {})).toBeUndefined();
    expect(sessionPolicy(undefined, { policy_arns: [] })).toBeUndefined();
  });

  it('the scope alone', () => {
    expect(sessionPolicy(SCOPE, {})).toEqual({
      inline:
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]}]}',
    });
  });

  it('one’s own policy alone, without spaces', () => {
    const policy =
      '{ "Version": "2012-10-17",\n "Statement": { "Effect": "Allow", "Action": "s3:*", "Resource": "*" } }';
    expect(sessionPolicy(undefined, { policy })?.inline).toBe(
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}',
    );
  });

  it('managed policies alone stay as they are', () => {
    const policy_arns = ['arn:aws:iam::aws:policy/ReadOnlyAccess'];
    expect(sessionPolicy(undefined, { policy_arns })).toEqual({
      inline: undefined,
      managedArns: policy_arns,
    });
  });
});

describe('a scope and a policy of one’s own', () => {
  it('allow what both allow', () => {
    const policy = own({
      Effect: 'Allow',
      Action: 's3:Get*',
      Resource: ['arn:aws:s3:::b/mine/*', 'arn:aws:s3:::c/*'],
    });
    const both = sessionPolicy(SCOPE, { policy });
    expect(allows(both, get('b/mine/k'))).toBe(true);
    expect(allows(both, get('b/k'))).toBe(false);
    expect(allows(both, get('c/k'))).toBe(false);
    expect(allows(both, { action: 's3:GetObjectAcl', resource: 'arn:aws:s3:::b/mine/k' })).toBe(
      false,
    );
  });

  it('keep one’s own Deny', () => {
    const policy = own(
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action: '*', Resource: 'arn:aws:s3:::b/secret/*' },
    );
    const both = sessionPolicy(SCOPE, { policy });
    expect(allows(both, get('b/k'))).toBe(true);
    expect(allows(both, get('b/secret/k'))).toBe(false);
  });

  it('a managed policy is narrowed although AWS joins session policies', () => {
    const managed = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
    };
    const both = sessionPolicy(SCOPE, {
      policy_arns: ['arn:aws:iam::aws:policy/AmazonS3FullAccess'],
    });
    expect(allows(both, get('b/k'), [managed])).toBe(true);
    expect(allows(both, get('c/k'), [managed])).toBe(false);
    expect(allows(both, { action: 's3:PutObject', resource: 'arn:aws:s3:::b/k' }, [managed])).toBe(
      false,
    );
  });
});

const padded = (chars: number): string => {
  const frame = own({ Sid: '', Effect: 'Allow', Action: 's3:*', Resource: '*' }).length;
  return own({ Sid: 'x'.repeat(chars - frame), Effect: 'Allow', Action: 's3:*', Resource: '*' });
};

describe('the size that STS takes', () => {
  it('up to the limit', () => {
    const policy = padded(SESSION_POLICY_MAX_CHARS);
    expect(sessionPolicy(undefined, { policy })?.inline).toHaveLength(SESSION_POLICY_MAX_CHARS);
  });

  it('not one character more, nor an ARN on top', () => {
    const refused = expect.objectContaining({
      code: 'INPUT_INVALID',
      subject: 'policy',
      hint: expect.any(String),
    });
    expect(() =>
      sessionPolicy(undefined, { policy: padded(SESSION_POLICY_MAX_CHARS + 1) }),
    ).toThrow(refused);
    const policy_arns = ['arn:aws:iam::aws:policy/ReadOnlyAccess'];
    expect(() =>
      sessionPolicy(undefined, { policy: padded(SESSION_POLICY_MAX_CHARS), policy_arns }),
    ).toThrow(refused);
    expect(() => sessionPolicy(SCOPE, { policy: padded(SESSION_POLICY_MAX_CHARS - 100) })).toThrow(
      refused,
    );
  });
});

const judge = (groups: readonly ScopeGroup[], deed: Parameters<typeof allows>[1]): boolean =>
  allows(
    { inline: own({ Effect: 'Allow', Action: '*', Resource: '*' }, ...outsideOf(groups)) },
    deed,
  );

const listing = (context: Record<string, string>) => ({
  action: 's3:ListBucket',
  resource: 'arn:aws:s3:::b',
  context,
});

describe('denials', () => {
  it('two conditions of one group must both hold', () => {
    const condition = {
      StringLike: { 's3:prefix': ['a/*'] },
      StringEquals: { 's3:delimiter': ['/'] },
    };
    const groups = [{ actions: ['s3:ListBucket'], resources: ['arn:aws:s3:::b'], condition }];
    expect(judge(groups, listing({ 's3:prefix': 'a/', 's3:delimiter': '/' }))).toBe(true);
    expect(judge(groups, listing({ 's3:prefix': 'a/' }))).toBe(false);
    expect(judge(groups, listing({ 's3:delimiter': '/' }))).toBe(false);
    expect(judge(groups, listing({ 's3:prefix': 'b/', 's3:delimiter': '/' }))).toBe(false);
  });

  it('of two groups one is enough', () => {
    const groups = [
      {
        actions: ['s3:ListBucket'],
        resources: ['arn:aws:s3:::b'],
        condition: { StringLike: { 's3:prefix': ['a/*'] } },
      },
      {
        actions: ['s3:ListBucket'],
        resources: ['arn:aws:s3:::b'],
        condition: { StringEquals: { 's3:max-keys': ['1'] } },
      },
    ];
    expect(judge(groups, listing({ 's3:prefix': 'a/' }))).toBe(true);
    expect(judge(groups, listing({ 's3:max-keys': '1' }))).toBe(true);
    expect(judge(groups, listing({ 's3:prefix': 'b/', 's3:max-keys': '2' }))).toBe(false);
  });

  it('patterns that overlap deny too much rather than too little', () => {
    const groups = [
      { actions: ['s3:Put*'], resources: ['arn:aws:s3:::a/*'] },
      { actions: ['s3:PutObject'], resources: ['arn:aws:s3:::b/*'] },
    ];
    expect(judge(groups, { action: 's3:PutObjectAcl', resource: 'arn:aws:s3:::b/k' })).toBe(false);
    expect(judge(groups, { action: 's3:PutObject', resource: 'arn:aws:s3:::a/k' })).toBe(true);
  });

  it('a condition without a known opposite is never dropped', () => {
    const groups = [
      {
        actions: ['s3:Get*'],
        resources: ['*'],
        condition: { DateLessThan: { 'aws:CurrentTime': ['2030-01-01'] } },
      },
    ];
    expect(() => outsideOf(groups)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });
});

it.each([
  ['*', 'anything', true],
  ['arn:aws:s3:::b/*', 'arn:aws:s3:::b/a/*', true],
  ['arn:aws:s3:::b/a/*', 'arn:aws:s3:::b/*', false],
  ['s3:PutObject?*', 's3:PutObjectAcl', true],
  ['s3:PutObject?*', 's3:PutObject', false],
  ['s3:PutObject?*', 's3:PutObject*', false],
  ['s3:PutObject*', 's3:PutObject?*', true],
  ['arn:aws:s3:::b.c', 'arn:aws:s3:::bxc', false],
  ['a${*}b', 'axb', false],
  ['a${*}b', 'a${*}b', true],
])('%s covers %s: %s', (wide, narrow, expected) => {
  expect(covers(wide, narrow)).toBe(expected);
});
