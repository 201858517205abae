import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import iamRole from '../../../src/connectors/aws/auth-methods/iam-role.ts';
import webIdentity from '../../../src/connectors/aws/auth-methods/web-identity.ts';
import { hopsOf, sessionNameOf } from '../../../src/connectors/aws/role-options.ts';

const ROLE = 'arn:aws:iam::111122223333:role/first';
const NEXT = 'arn:aws:iam::444455556666:role/next';
const BASE = { region: 'eu-west-1', role_arn: ROLE };
const schema = iamRole.config;

const parse = (more: object) => schema.parse({ ...BASE, ...more });

describe('what a command line gives is what YAML gives', () => {
  const policy = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
  };
  it.each([
    ['session_tags', 'team=a b,cost=1=2', { team: 'a b', cost: '1=2' }],
    ['session_tags', '{"team":"a,b"}', undefined],
    ['session_tags', '{"team":"a b","cost":"1=2"}', { team: 'a b', cost: '1=2' }],
    [
      'policy_arns',
      'arn:aws:iam::aws:policy/A, arn:aws:iam::aws:policy/B',
      ['arn:aws:iam::aws:policy/A', 'arn:aws:iam::aws:policy/B'],
    ],
    ['policy_arns', '["arn:aws:iam::aws:policy/A"]', ['arn:aws:iam::aws:policy/A']],
    ['role_chain', `${NEXT},${ROLE}`, [{ role_arn: NEXT }, { role_arn: ROLE }]],
    [
      'role_chain',
      JSON.stringify([NEXT, { role_arn: ROLE, external_id: 'x1' }]),
      [{ role_arn: NEXT }, { role_arn: ROLE, external_id: 'x1' }],
    ],
    ['policy', JSON.stringify(policy, undefined, 2), policy],
    ['mfa_session_seconds', '3600', 3600],
  ])('%s: %s', (field, flat, native) => {
    if (native === undefined) {
      expect(() => parse({ [field]: flat })).toThrow(z.ZodError);
      return;
    }
    const [fromText, fromYaml] = [parse({ [field]: flat }), parse({ [field]: native })];
    expect(fromText).toEqual(fromYaml);
    // What is stored is read again.
    expect(schema.parse(fromText)).toEqual(fromText);
    if (field !== 'policy') expect(fromText[field]).toEqual(native);
  });

  it('a policy is kept without spaces', () => {
    expect(parse({ policy: JSON.stringify(policy, undefined, 2) })['policy']).toBe(
      JSON.stringify(policy),
    );
  });
});

describe('limits', () => {
  const statement = { Effect: 'Allow', Action: 's3:*', Resource: '*' };
  it.each([
    ['role_arn', { role_arn: 'reader' }],
    ['role_arn', { role_arn: 'arn:aws-cn:iam::111122223333:role/first' }],
    ['region', { region: 'Frankfurt' }],
    ['external_id', { external_id: 'x' }],
    ['external_id', { external_id: 'x'.repeat(1225) }],
    ['external_id', { external_id: 'two words' }],
    ['source_identity', { source_identity: 'x' }],
    ['source_identity', { source_identity: 'aws:me' }],
    ['role_session_name', { role_session_name: 'x'.repeat(65) }],
    ['role_session_name', { role_session_name: 'with/slash' }],
    [
      'session_tags',
      { session_tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, ''])) },
    ],
    ['session_tags', { session_tags: { team: 'x'.repeat(257) } }],
    ['session_tags', { session_tags: { ['k'.repeat(129)]: 'x' } }],
    ['session_tags', { session_tags: 'team' }],
    ['session_tags', { session_tags: '{oops' }],
    ['transitive_tag_keys', { transitive_tag_keys: 'team' }],
    ['role_chain', { role_chain: 'reader' }],
    ['role_chain', { role_chain: [{ role_arn: NEXT, oops: 1 }] }],
    ['role_chain', { role_chain: Array.from({ length: 11 }, () => NEXT) }],
    ['policy', { policy: 'oops' }],
    ['policy', { policy: '[]' }],
    ['policy', { policy: { Statement: [statement] } }],
    ['policy', { policy: { Version: '2012-10-17', Statement: [] } }],
    [
      'policy',
      { policy: { Version: '2012-10-17', Statement: [{ ...statement, Effect: 'allow' }] } },
    ],
    [
      'policy',
      { policy: { Version: '2012-10-17', Statement: [{ ...statement, Principal: '*' }] } },
    ],
    [
      'policy',
      { policy: { Version: '2012-10-17', Statement: [{ ...statement, NotAction: 'x:*' }] } },
    ],
    [
      'policy',
      { policy: { Version: '2012-10-17', Statement: [{ ...statement, Sid: 'x'.repeat(2048) }] } },
    ],
    ['policy_arns', { policy_arns: 'ReadOnlyAccess' }],
    ['policy_arns', { policy_arns: Array.from({ length: 11 }, () => 'arn:aws:iam::aws:policy/A') }],
    ['mfa_serial', { mfa_serial: 'short' }],
    ['mfa_session_seconds', { mfa_session_seconds: 129_601 }],
    ['sts_endpoint', { sts_endpoint: 'sts.example.com' }],
    ['sts_endpoint', { sts_endpoint: 'file:///etc/passwd' }],
    ['sts_endpoint', { sts_endpoint: 'http://sts.example.com' }],
    ['sts_endpoint', { sts_endpoint: 'http://127.0.0.1.example.com' }],
    ['sts_endpoint', { sts_endpoint: 'http://10.0.0.1:8000' }],
    ['sts_endpoint', { sts_endpoint: 'https://me:word@sts.example.com' }],
    ['endpoint_url', { endpoint_url: 'https://me:word@s3.example.com' }],
    ['sts_region', { sts_region: 'cn-north-1' }],
    ['role_chain', { role_chain: 'arn:aws-cn:iam::111122223333:role/next' }],
    ['kms_key_arn', { kms_key_arn: 'arn:aws:kms:eu-west-1:111122223333:alias/x' }],
    ['kms_key_arn', { kms_key_arn: 'arn:aws:kms:*:111122223333:key/x' }],
    ['kms_key_arn', { kms_key_arn: 'arn:aws:kms:eu-west-?:111122223333:key/x' }],
    ['kms_key_arn', { kms_key_arn: 'arn:aws-cn:kms:cn-north-1:111122223333:key/x' }],
  ])('%s %j', (field, more) => {
    const { error } = schema.safeParse({ ...BASE, ...more });
    expect(error?.issues.map((issue) => issue.path[0])).toEqual([field]);
    expect(error?.issues[0]?.message).not.toBe('');
  });

  it('STS is asked without TLS on this machine alone', () => {
    for (const host of ['127.0.0.1:8000', '[::1]:8000', 'localhost', '169.254.1.1']) {
      expect(schema.safeParse({ ...BASE, sts_endpoint: `http://${host}` }).success).toBe(true);
    }
  });

  it.each([
    ['token_headers', { token_url: 'https://x.example', token_headers: 'Authorization=Bearer s' }],
    ['token_headers', { token_url: 'https://x.example', token_headers: { cookie: 's=1' } }],
    ['token_url', { token_url: 'https://me:word@x.example' }],
    ['token_url', { token_url: 'file:///etc/passwd' }],
  ])('a web identity’s file holds no secret and names no file: %s %j', (field, more) => {
    const { error } = webIdentity.config.safeParse({ ...BASE, ...more });
    expect(error?.issues.map((issue) => issue.path[0])).toEqual([field]);
  });

  it('a web identity has exactly one source', () => {
    const config = webIdentity.config;
    expect(config.safeParse({ ...BASE, token_file: '/x' }).success).toBe(true);
    expect(config.safeParse({ ...BASE, token_url_env: 'URL' }).success).toBe(true);
    expect(config.safeParse(BASE).success).toBe(false);
    expect(
      config.safeParse({ ...BASE, token_file: '/x', token_url: 'https://x.example' }).success,
    ).toBe(false);
  });
});

describe('hops', () => {
  it('the first has it all, the others what they say', () => {
    const config = parse({
      external_id: 'x1',
      source_identity: 'me',
      session_tags: 'team=a',
      transitive_tag_keys: 'team',
      role_chain: [{ role_arn: NEXT, external_id: 'x2', role_session_name: 'other' }, ROLE],
    });
    expect(hopsOf(config, 'aws-dev')).toEqual([
      {
        roleArn: ROLE,
        sessionName: 'valetkey-aws-dev',
        externalId: 'x1',
        sourceIdentity: 'me',
        tags: [{ key: 'team', value: 'a' }],
        transitiveTagKeys: ['team'],
      },
      { roleArn: NEXT, sessionName: 'other', externalId: 'x2' },
      { roleArn: ROLE, sessionName: 'valetkey-aws-dev' },
    ]);
  });

  it.each([
    ['aws-dev', 64, 'valetkey-aws-dev'],
    ['a b/c', 64, 'valetkey-a-b-c'],
    ['x'.repeat(63), 64, `valetkey-${'x'.repeat(55)}`],
    ['x'.repeat(63), 32, `valetkey-${'x'.repeat(23)}`],
  ])('a session of %s', (connector, max, name) => {
    expect(sessionNameOf(connector, max)).toBe(name);
  });
});
