import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../../src/stand-ins/aws/policy-document.ts';
import { evaluate, evaluateSession } from '../../../src/stand-ins/aws/policy.ts';
import { allow, deny, policy } from './setup.ts';

interface Case {
  readonly name: string;
  readonly statements: object[];
  readonly action?: string;
  readonly resource?: string;
  readonly context?: Record<string, string | string[]>;
  readonly answer: 'allow' | 'deny' | 'silent';
}

const KEY = 'arn:aws:s3:::bucket/dir/file';
const when = (operator: string, key: string, value: unknown) => ({
  Condition: { [operator]: { [key]: value } },
});

const CASES: readonly Case[] = [
  { name: 'nothing said', statements: [allow('s3:PutObject')], answer: 'silent' },
  { name: 'said', statements: [allow('s3:GetObject', KEY)], answer: 'allow' },
  { name: 'deny wins, wherever it stands', statements: [deny('s3:*'), allow('*')], answer: 'deny' },
  { name: 'an action in another case', statements: [allow('S3:getobject')], answer: 'allow' },
  {
    name: 'a resource in another case',
    statements: [allow('*', 'arn:aws:s3:::Bucket/*')],
    answer: 'silent',
  },
  {
    name: 'a star over slashes',
    statements: [allow('s3:Get*', 'arn:aws:s3:::bucket/*')],
    answer: 'allow',
  },
  {
    name: 'a question mark is one character',
    statements: [allow('*', 'arn:aws:s3:::bucke?/dir/*')],
    answer: 'allow',
  },
  {
    name: 'a question mark is not none',
    statements: [allow('*', 'arn:aws:s3:::bucket?/dir/*')],
    answer: 'silent',
  },
  { name: 'a dot is a dot', statements: [allow('*', 'arn:aws:s3:::buck.t/*')], answer: 'silent' },
  {
    name: 'the bucket is not its objects',
    statements: [allow('*', 'arn:aws:s3:::bucket')],
    answer: 'silent',
  },
  {
    name: 'all but one action',
    statements: [{ Effect: 'Allow', NotAction: 's3:GetObject', Resource: '*' }],
    answer: 'silent',
  },
  {
    name: 'all but another action',
    statements: [{ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }],
    answer: 'allow',
  },
  {
    name: 'all but one resource',
    statements: [{ Effect: 'Deny', Action: '*', NotResource: KEY }, allow('*')],
    answer: 'allow',
  },
  {
    name: 'StringLike that fits',
    statements: [allow('*', '*', when('StringLike', 's3:prefix', ['a/*', 'b/*']))],
    context: { 's3:prefix': 'b/c' },
    answer: 'allow',
  },
  {
    name: 'StringLike that does not',
    statements: [allow('*', '*', when('StringLike', 's3:prefix', 'a/*'))],
    context: { 's3:prefix': 'a' },
    answer: 'silent',
  },
  {
    name: 'StringLike on an absent key',
    statements: [allow('*', '*', when('StringLike', 's3:prefix', '*'))],
    answer: 'silent',
  },
  {
    name: 'IfExists on an absent key',
    statements: [allow('*', '*', when('StringLikeIfExists', 's3:prefix', 'a/*'))],
    answer: 'allow',
  },
  {
    name: 'StringEquals takes a star literally',
    statements: [allow('*', '*', when('StringEquals', 's3:prefix', 'a*'))],
    context: { 's3:prefix': 'ab' },
    answer: 'silent',
  },
  {
    name: 'a condition key in another case',
    statements: [allow('*', '*', when('StringEquals', 'S3:Prefix', 'a'))],
    context: { 's3:prefix': 'a' },
    answer: 'allow',
  },
  {
    name: 'StringNotEquals on an absent key',
    statements: [deny('*', '*', when('StringNotEquals', 'aws:x', 'a'))],
    answer: 'deny',
  },
  {
    name: 'StringNotLike that fits',
    statements: [deny('*', '*', when('StringNotLike', 's3:prefix', ['a/*', 'b/*'])), allow('*')],
    context: { 's3:prefix': 'b/x' },
    answer: 'allow',
  },
  {
    name: 'Bool false on an absent key',
    statements: [deny('*', '*', when('Bool', 'aws:MultiFactorAuthPresent', 'false')), allow('*')],
    answer: 'allow',
  },
  {
    name: 'BoolIfExists false on an absent key',
    statements: [
      deny('*', '*', when('BoolIfExists', 'aws:MultiFactorAuthPresent', 'false')),
      allow('*'),
    ],
    answer: 'deny',
  },
  {
    name: 'Null true on an absent key',
    statements: [allow('*', '*', when('Null', 'aws:x', 'true'))],
    answer: 'allow',
  },
  {
    name: 'Null false on an absent key',
    statements: [allow('*', '*', when('Null', 'aws:x', false))],
    answer: 'silent',
  },
  {
    name: 'numbers as numbers',
    statements: [allow('*', '*', when('NumericLessThan', 's3:max-keys', '10'))],
    context: { 's3:max-keys': '9' },
    answer: 'allow',
  },
  {
    name: 'dates',
    statements: [allow('*', '*', when('DateLessThan', 'aws:CurrentTime', '2026-01-01T00:00:00Z'))],
    context: { 'aws:currenttime': '2025-12-31T23:59:59.000Z' },
    answer: 'allow',
  },
  {
    name: 'a network',
    statements: [allow('*', '*', when('IpAddress', 'aws:SourceIp', '127.0.0.0/8'))],
    context: { 'aws:sourceip': '127.0.0.1' },
    answer: 'allow',
  },
  {
    name: 'another network',
    statements: [allow('*', '*', when('IpAddress', 'aws:SourceIp', '10.0.0.0/8'))],
    context: { 'aws:sourceip': '127.0.0.1' },
    answer: 'silent',
  },
  {
    name: 'ArnLike field by field',
    statements: [allow('*', '*', when('ArnLike', 'aws:PrincipalArn', 'arn:aws:iam::*:role/*'))],
    context: { 'aws:principalarn': 'arn:aws:iam::1:role/a/b' },
    answer: 'allow',
  },
  {
    name: 'ArnLike does not reach over colons',
    statements: [allow('*', '*', when('ArnLike', 'aws:PrincipalArn', 'arn:*:role/a'))],
    context: { 'aws:principalarn': 'arn:aws:iam::1:role/a' },
    answer: 'silent',
  },
  {
    name: 'ForAllValues with one too many',
    statements: [allow('*', '*', when('ForAllValues:StringEquals', 'aws:TagKeys', ['a']))],
    context: { 'aws:tagkeys': ['a', 'b'] },
    answer: 'silent',
  },
  {
    name: 'ForAnyValue with one that fits',
    statements: [allow('*', '*', when('ForAnyValue:StringEquals', 'aws:TagKeys', ['a']))],
    context: { 'aws:tagkeys': ['a', 'b'] },
    answer: 'allow',
  },
  {
    name: 'ForAnyValue on an absent key',
    statements: [allow('*', '*', when('ForAnyValue:StringEquals', 'aws:TagKeys', ['a']))],
    answer: 'silent',
  },
  {
    name: 'a variable',
    statements: [allow('*', 'arn:aws:s3:::bucket/${aws:username}/*')],
    context: { 'aws:username': 'dir' },
    answer: 'allow',
  },
  {
    name: 'an unknown variable',
    statements: [allow('*', 'arn:aws:s3:::bucket/${aws:username}*')],
    answer: 'silent',
  },
];

const contextOf = (context: Case['context'] = {}) =>
  new Map(Object.entries(context).map(([key, value]) => [key, [value].flat()]));

describe('one set of policies', () => {
  it.each(CASES)('$name: $answer', ({ statements, action, resource, context, answer }) => {
    const question = {
      action: action ?? 's3:GetObject',
      resource: resource ?? KEY,
      context: contextOf(context),
    };
    expect(evaluate([parsePolicy(policy(...statements), 'identity')], question)).toBe(answer);
  });

  it('a document of 2008 knows no variables', () => {
    const old = { Version: '2008-10-17', Statement: [allow('*', 'arn:aws:s3:::${aws:username}')] };
    const question = {
      action: 's3:GetObject',
      resource: 'arn:aws:s3:::x',
      context: contextOf({ 'aws:username': 'x' }),
    };
    expect(evaluate([parsePolicy(old, 'identity')], question)).toBe('silent');
  });
});

const parse = (...statements: object[]) => [parsePolicy(policy(...statements), 'identity')];

describe('identity policies and session policies', () => {
  const question = { action: 's3:GetObject', resource: KEY, context: contextOf() };

  it.each([
    { name: 'no session policy', session: undefined, answer: 'allow' },
    { name: 'an empty list', session: [], answer: 'silent' },
    { name: 'both allow', session: parse(allow('s3:*')), answer: 'allow' },
    { name: 'the session is silent', session: parse(allow('ec2:*')), answer: 'silent' },
    { name: 'the session denies', session: parse(deny('s3:*')), answer: 'deny' },
  ])('$name: $answer', ({ session, answer }) => {
    expect(evaluateSession(parse(allow('s3:GetObject')), session, question)).toBe(answer);
  });

  it('a session cannot widen', () => {
    expect(evaluateSession(parse(allow('ec2:*')), parse(allow('*')), question)).toBe('silent');
    expect(evaluateSession(parse(deny('s3:*')), parse(allow('*')), question)).toBe('deny');
  });
});
