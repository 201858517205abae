import { AssumeRoleCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts';
import type { AssumeRoleCommandInput } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { allow, keysOf, policy, refusalOf, startBed, trust } from './setup.ts';
import { ACCOUNT, startRoleBed } from './role-bed.ts';

describe('role chaining', () => {
  it('lasts an hour at most, whatever the role allows', async () => {
    const bed = await startRoleBed({}, 43_200);
    bed.aws.accounts.putRole({
      name: 'jump',
      trust: trust(bed.user.arn),
      policies: [policy(allow('sts:*'))],
    });
    const jump = keysOf(await bed.assume({ RoleArn: `arn:aws:iam::${ACCOUNT}:role/jump` }));
    expect(await refusalOf(bed.assume({ DurationSeconds: 3601 }, jump))).toBe(
      'ValidationError 400',
    );
    expect(keysOf(await bed.assume({ DurationSeconds: 3600 }, jump)).accessKeyId).toMatch(/^ASIA/);
    expect(keysOf(await bed.assume({ DurationSeconds: 43_200 })).accessKeyId).toMatch(/^ASIA/);
    const mfa = keysOf(await bed.sts(bed.user).send(new GetSessionTokenCommand({})));
    expect(await refusalOf(bed.assume({ DurationSeconds: 3601 }, mfa))).toBe('ValidationError 400');
  });

  it('a session policy of the first role also narrows what it may assume', async () => {
    const bed = await startRoleBed();
    bed.aws.accounts.putRole({
      name: 'jump',
      trust: trust(bed.user.arn),
      policies: [policy(allow('*'))],
    });
    const RoleArn = `arn:aws:iam::${ACCOUNT}:role/jump`;
    const Policy = JSON.stringify(policy(allow('s3:*')));
    const jump = keysOf(await bed.assume({ RoleArn, Policy }));
    expect(await refusalOf(bed.assume({}, jump))).toBe('AccessDenied 403');
  });

  it('keeps the source identity and the transitive tags', async () => {
    const bed = await startRoleBed();
    bed.aws.accounts.putRole({
      name: 'jump',
      trust: trust(bed.user.arn, {}, ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']),
      policies: [policy(allow('sts:*'))],
    });
    const jump = keysOf(
      await bed.assume({
        RoleArn: `arn:aws:iam::${ACCOUNT}:role/jump`,
        SourceIdentity: 'alice',
        Tags: [
          { Key: 'team', Value: 'red' },
          { Key: 'once', Value: 'x' },
        ],
        TransitiveTagKeys: ['team'],
      }),
    );
    const answer = await bed.assume({}, jump);
    expect(answer.SourceIdentity).toBe('alice');
    const last = bed.aws.accounts.sessions().at(-1)?.principal;
    expect(last).toMatchObject({ tags: new Map([['team', 'red']]), sourceIdentity: 'alice' });
    expect(await refusalOf(bed.assume({ SourceIdentity: 'bob' }, jump))).toBe('AccessDenied 403');
    const again = { Tags: [{ Key: 'Team', Value: 'blue' }] };
    expect(await refusalOf(bed.assume(again, jump))).toBe('InvalidParameterValue 400');
  });

  it('tags and source identity need a trust policy that says so', async () => {
    const bed = await startBed();
    const user = bed.aws.accounts.addUser({ name: 'dev' });
    const role = bed.aws.accounts.putRole({ name: 'plain', trust: trust(user.arn) });
    const assume = (input: Partial<AssumeRoleCommandInput>) =>
      bed
        .sts(user)
        .send(new AssumeRoleCommand({ RoleArn: role.arn, RoleSessionName: 'app', ...input }));
    expect(await refusalOf(assume({ Tags: [{ Key: 'a', Value: 'b' }] }))).toBe('AccessDenied 403');
    expect(await refusalOf(assume({ SourceIdentity: 'alice' }))).toBe('AccessDenied 403');
    expect(keysOf(await assume({})).accessKeyId).toMatch(/^ASIA/);
  });
});
