import { createHash } from 'node:crypto';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { allow, deny, keysOf, policy, refusalOf, trust } from './setup.ts';
import { ACCOUNT, startRoleBed, whoami } from './role-bed.ts';

describe('AssumeRole', () => {
  it('gives a session that works until it expires, and not with a changed token', async () => {
    const bed = await startRoleBed();
    const answer = await bed.assume({ DurationSeconds: 900 });
    const keys = keysOf(answer);
    expect(keys.expiration.getTime() - bed.clock.now()).toBe(900_000);
    expect(answer.PackedPolicySize).toBeUndefined();
    const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/reader/app`;
    expect(answer.AssumedRoleUser).toEqual({ Arn: arn, AssumedRoleId: `${bed.role.roleId}:app` });
    expect(await whoami(bed, keys)).toBe(arn);
    for (const sessionToken of [undefined, `${keys.sessionToken}x`]) {
      const call = bed.sts({ ...keys, sessionToken }).send(new GetCallerIdentityCommand({}));
      expect(await refusalOf(call)).toBe('InvalidClientTokenId 403');
    }
    await bed.clock.advance(899_000);
    expect(await whoami(bed, keys)).toBe(arn);
    await bed.clock.advance(1000);
    const late = bed.sts(keys).send(new GetCallerIdentityCommand({}));
    expect(await refusalOf(late)).toBe('ExpiredToken 403');
  });

  it.each([
    { name: 'a lifetime below 900 s', input: { DurationSeconds: 899 } },
    { name: 'a lifetime over the role’s', input: { DurationSeconds: 3601 } },
    { name: 'a session name of one character', input: { RoleSessionName: 'x' } },
    { name: 'a session name with a space', input: { RoleSessionName: 'a b' } },
    { name: 'a role ARN that is none', input: { RoleArn: 'not-an-arn-at-all-but-long' } },
    {
      name: 'a token code of five digits',
      input: { TokenCode: '12345', SerialNumber: 'x'.repeat(9) },
    },
    { name: 'an external id with a space', input: { ExternalId: 'a b' } },
    { name: 'an inline policy over 2048 characters', input: { Policy: ' '.repeat(2049) } },
    {
      name: 'a managed policy that is not there',
      input: { PolicyArns: [{ arn: `arn:aws:iam::${ACCOUNT}:policy/no` }] },
    },
  ])('refuses $name as ValidationError', async ({ input }) => {
    const bed = await startRoleBed();
    expect(await refusalOf(bed.assume(input))).toBe('ValidationError 400');
    expect(bed.aws.accounts.sessions()).toEqual([]);
  });

  it.each([
    { name: 'text that is no JSON', text: '{' },
    { name: 'an unknown action form', text: policy(allow('GetObject')) },
    { name: 'a principal', text: policy({ ...allow('s3:*'), Principal: '*' }) },
    { name: 'no resource', text: policy({ Effect: 'Allow', Action: 's3:*' }) },
    {
      name: 'an unknown condition operator',
      text: policy(allow('s3:*', '*', { Condition: { Equals: { a: 'b' } } })),
    },
    { name: 'an emoji', text: policy({ ...allow('s3:*'), Sid: '🚗' }) },
  ])('refuses a session policy with $name as MalformedPolicyDocument', async ({ text }) => {
    const bed = await startRoleBed();
    const document = typeof text === 'string' ? text : JSON.stringify(text);
    expect(await refusalOf(bed.assume({ Policy: document }))).toBe(
      'MalformedPolicyDocumentException 400',
    );
  });

  it('measures policy, policy ARNs and tags together', async () => {
    const bed = await startRoleBed();
    const arn = bed.aws.accounts.putManagedPolicy('narrow', policy(allow('s3:GetObject')));
    const small = await bed.assume({
      Policy: JSON.stringify(policy(allow('s3:*'))),
      PolicyArns: [{ arn }],
    });
    expect(small.PackedPolicySize).toBeGreaterThan(0);
    expect(small.PackedPolicySize).toBeLessThan(50);
    const padded = JSON.stringify(policy(allow('s3:*'))).padEnd(2040);
    const both = bed.assume({ Policy: padded, PolicyArns: [{ arn }] });
    expect(await refusalOf(both)).toBe('PackedPolicyTooLargeException 400');
    const tags = Array.from({ length: 50 }, (_, index) => ({
      Key: `key-${index}`,
      Value: createHash('sha256').update(String(index)).digest('hex'),
    }));
    expect(await refusalOf(bed.assume({ Tags: tags }))).toBe('PackedPolicyTooLargeException 400');
  });

  it('refuses tags that contradict each other, and a managed policy of another account', async () => {
    const bed = await startRoleBed();
    const team = { Key: 'team', Value: 'red' };
    const twice = bed.assume({ Tags: [team, { ...team, Key: 'Team' }] });
    expect(await refusalOf(twice)).toBe('InvalidParameterValue 400');
    const absent = bed.assume({ Tags: [team], TransitiveTagKeys: ['other'] });
    expect(await refusalOf(absent)).toBe('InvalidParameterValue 400');
    const arn = bed.aws.accounts.putManagedPolicy('far', policy(allow('*')), '444455556666');
    expect(await refusalOf(bed.assume({ PolicyArns: [{ arn }] }))).toBe('ValidationError 400');
  });

  it('refuses a role that is not there, and one that trusts somebody else', async () => {
    const bed = await startRoleBed();
    const other = bed.aws.accounts.putRole({
      name: 'other',
      trust: trust(`arn:aws:iam::${ACCOUNT}:user/admin`),
    });
    expect(await refusalOf(bed.assume({ RoleArn: other.arn }))).toBe('AccessDenied 403');
    const nowhere = `arn:aws:iam::${ACCOUNT}:role/nowhere`;
    expect(await refusalOf(bed.assume({ RoleArn: nowhere }))).toBe('AccessDenied 403');
  });

  it('trust in the account needs a permission of one’s own; trust in oneself does not', async () => {
    const bed = await startRoleBed();
    const plain = bed.aws.accounts.addUser({ name: 'plain' });
    expect(await refusalOf(bed.assume({}, plain))).toBe('AccessDenied 403');
    const own = bed.aws.accounts.putRole({ name: 'own', trust: trust(plain.arn) });
    expect(keysOf(await bed.assume({ RoleArn: own.arn }, plain)).accessKeyId).toMatch(/^ASIA/);
    const barred = bed.aws.accounts.addUser({ name: 'barred', policies: [policy(deny('sts:*'))] });
    const direct = bed.aws.accounts.putRole({ name: 'direct', trust: trust(barred.arn) });
    expect(await refusalOf(bed.assume({ RoleArn: direct.arn }, barred))).toBe('AccessDenied 403');
  });

  it('another account needs both sides', async () => {
    const bed = await startRoleBed();
    const arn = `arn:aws:iam::444455556666:user/partner`;
    const plain = bed.aws.accounts.addUser({ name: 'partner', account: '444455556666' });
    const role = bed.aws.accounts.putRole({ name: 'shared', trust: trust(arn) });
    expect(await refusalOf(bed.assume({ RoleArn: role.arn }, plain))).toBe('AccessDenied 403');
    const allowed = bed.aws.accounts.addUser({
      name: 'partner2',
      account: '444455556666',
      policies: [policy(allow('sts:AssumeRole', role.arn))],
    });
    bed.aws.accounts.putRole({ name: 'shared', trust: trust(allowed.arn) });
    expect(keysOf(await bed.assume({ RoleArn: role.arn }, allowed)).accessKeyId).toMatch(/^ASIA/);
  });

  it('ExternalId: wrong and missing are refused', async () => {
    const bed = await startRoleBed({ Condition: { StringEquals: { 'sts:ExternalId': 'ex-1' } } });
    expect(await refusalOf(bed.assume({ ExternalId: 'ex-2' }))).toBe('AccessDenied 403');
    expect(await refusalOf(bed.assume())).toBe('AccessDenied 403');
    expect(keysOf(await bed.assume({ ExternalId: 'ex-1' })).accessKeyId).toMatch(/^ASIA/);
  });

  it('MFA: a code is wanted, must be right, and works once', async () => {
    const bed = await startRoleBed({
      Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } },
    });
    const { mfaSerial: SerialNumber } = bed.user;
    expect(await refusalOf(bed.assume())).toBe('AccessDenied 403');
    expect(await refusalOf(bed.assume({ SerialNumber }))).toBe('AccessDenied 403');
    const TokenCode = bed.user.mfaCode();
    const wrong = TokenCode === '000000' ? '111111' : '000000';
    expect(await refusalOf(bed.assume({ SerialNumber, TokenCode: wrong }))).toBe(
      'AccessDenied 403',
    );
    expect(keysOf(await bed.assume({ SerialNumber, TokenCode })).accessKeyId).toMatch(/^ASIA/);
    expect(await refusalOf(bed.assume({ SerialNumber, TokenCode }))).toBe('AccessDenied 403');
    await bed.clock.advance(30_000);
    const next = { SerialNumber, TokenCode: bed.user.mfaCode() };
    expect(keysOf(await bed.assume(next)).accessKeyId).toMatch(/^ASIA/);
    const shown = bed.aws.accounts.sessions()[0]?.parameters;
    expect(shown).toMatchObject({ SerialNumber });
    expect(shown).not.toHaveProperty('TokenCode');
  });

  it('root may assume nothing', async () => {
    const bed = await startRoleBed();
    const root = bed.aws.accounts.addUser({ name: 'owner', root: true });
    expect(await refusalOf(bed.assume({}, root))).toBe('AccessDenied 403');
  });
});
