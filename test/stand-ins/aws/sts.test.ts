import {
  GetCallerIdentityCommand,
  GetFederationTokenCommand,
  GetSessionTokenCommand,
} from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { deny, keysOf, policy, refusalOf, startBed } from './setup.ts';
import type { Keys } from './setup.ts';
import { ACCOUNT, startRoleBed, whoami } from './role-bed.ts';

describe('GetCallerIdentity', () => {
  it('names the user, even one who may do nothing', async () => {
    const bed = await startBed();
    const user = bed.aws.accounts.addUser({ name: 'dev', policies: [policy(deny('*'))] });
    const answer = await bed.sts(user).send(new GetCallerIdentityCommand({}));
    expect(answer).toMatchObject({ Account: ACCOUNT, Arn: user.arn, UserId: user.user.userId });
  });

  it('refuses a wrong secret, an unknown key, a deleted key', async () => {
    const bed = await startBed();
    const user = bed.aws.accounts.addUser({ name: 'dev' });
    const ask = (keys: Keys) => refusalOf(bed.sts(keys).send(new GetCallerIdentityCommand({})));
    expect(await ask({ ...user, secretAccessKey: 'wrong' })).toBe('SignatureDoesNotMatch 403');
    expect(await ask({ ...user, accessKeyId: 'AKIAUNKNOWN' })).toBe('InvalidClientTokenId 403');
    const rotated = bed.aws.accounts.addKey(user.user);
    bed.aws.accounts.deleteKey(user.accessKeyId);
    expect(await ask(user)).toBe('InvalidClientTokenId 403');
    expect(await whoami(bed, rotated)).toBe(user.arn);
  });

  it.each([16, -16])(
    'refuses a clock %i minutes off; the SDK learns the time from the refusal',
    async (minutes) => {
      const bed = await startBed();
      const user = bed.aws.accounts.addUser({ name: 'dev' });
      const sts = bed.sts(user);
      bed.clock.step(minutes * 60_000);
      expect(await refusalOf(sts.send(new GetCallerIdentityCommand({})))).toBe(
        'SignatureDoesNotMatch 403',
      );
      expect((await sts.send(new GetCallerIdentityCommand({}))).Arn).toBe(user.arn);
    },
  );

  it('refuses a region that is switched off', async () => {
    const bed = await startBed();
    const user = bed.aws.accounts.addUser({ name: 'dev' });
    bed.aws.accounts.disableRegion('ap-east-1');
    const call = bed.sts(user, 'ap-east-1').send(new GetCallerIdentityCommand({}));
    expect(await refusalOf(call)).toBe('RegionDisabledException 403');
    expect(await whoami(bed, user)).toBe(user.arn);
  });
});

describe('GetSessionToken', () => {
  it('takes long-term keys only, 900 to 129600 s', async () => {
    const bed = await startRoleBed();
    const ask = (keys: Keys, DurationSeconds?: number) =>
      bed.sts(keys).send(new GetSessionTokenCommand({ DurationSeconds }));
    const keys = keysOf(await ask(bed.user));
    expect(keys.expiration.getTime() - bed.clock.now()).toBe(43_200_000);
    expect(await whoami(bed, keys)).toBe(bed.user.arn);
    expect(await refusalOf(ask(keys))).toBe('AccessDenied 403');
    expect(await refusalOf(ask(keysOf(await bed.assume())))).toBe('AccessDenied 403');
    expect(await refusalOf(ask(bed.user, 899))).toBe('ValidationError 400');
    expect(await refusalOf(ask(bed.user, 129_601))).toBe('ValidationError 400');
    const root = bed.aws.accounts.addUser({ name: 'owner', root: true });
    const short = keysOf(await ask(root, 43_200)).expiration.getTime() - bed.clock.now();
    expect(short).toBe(3_600_000);
  });

  it('carries MFA into what it assumes', async () => {
    const bed = await startRoleBed({
      Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } },
    });
    const without = keysOf(await bed.sts(bed.user).send(new GetSessionTokenCommand({})));
    expect(await refusalOf(bed.assume({}, without))).toBe('AccessDenied 403');
    const input = { SerialNumber: bed.user.mfaSerial, TokenCode: bed.user.mfaCode() };
    const keys = keysOf(await bed.sts(bed.user).send(new GetSessionTokenCommand(input)));
    expect(keysOf(await bed.assume({}, keys)).accessKeyId).toMatch(/^ASIA/);
  });
});

describe('GetFederationToken', () => {
  it('takes long-term keys and a permission, and a name of 2 to 32 characters', async () => {
    const bed = await startRoleBed();
    const ask = (keys: Keys, Name = 'app') =>
      bed.sts(keys).send(new GetFederationTokenCommand({ Name }));
    const answer = await ask(bed.user);
    expect(answer.FederatedUser).toEqual({
      Arn: `arn:aws:sts::${ACCOUNT}:federated-user/app`,
      FederatedUserId: `${ACCOUNT}:app`,
    });
    const keys = keysOf(answer);
    expect(await whoami(bed, keys)).toBe(answer.FederatedUser?.Arn);
    expect(await refusalOf(ask(keys))).toBe('AccessDenied 403');
    expect(await refusalOf(bed.assume({}, keys))).toBe('AccessDenied 403');
    expect(await refusalOf(ask(bed.user, 'x'))).toBe('ValidationError 400');
    expect(await refusalOf(ask(bed.user, 'x'.repeat(33)))).toBe('ValidationError 400');
    expect(await refusalOf(ask(bed.aws.accounts.addUser({ name: 'plain' })))).toBe(
      'AccessDenied 403',
    );
  });
});
