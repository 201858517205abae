import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import profile from '../../../src/connectors/aws/auth-methods/profile.ts';
import { cloudOf, connectorOf, never } from './aws-bed.ts';
import { cachedSignIn, cliSignIn, SSO_CACHE, ssoProfile } from './cli-sign-in.ts';
import { ACCOUNT, issueBy, startSourceBed, ZENFILES, type SourceBed } from './source-bed.ts';

let bed: SourceBed;

beforeAll(async () => {
  bed = await startSourceBed();
});

beforeEach(() => bed.aws.calls.reset());

const roleText = (name: string, arn: string, more: string): string =>
  `[profile ${name}]\nrole_arn = ${arn}\n${more}\n`;

describe('profile', () => {
  it('a user’s keys are exchanged, and with a scope for a federated user’s', async () => {
    const machine = bed.machineWith({ credentials: `[dev]\n${bed.keysText}` });
    const whole = await issueBy(profile, machine, { profile: 'dev' });
    expect(whole.accessKeyId).not.toBe(bed.user.accessKeyId);
    expect(whole).toMatchObject({ principalArn: bed.user.arn, region: 'eu-west-1' });
    expect(whole.expiresAt).toBe(bed.clock.now() + 3_600_000);
    expect(await bed.reach(whole)).toEqual(['zenfiles', 'other']);
    const narrow = await issueBy(profile, machine, { profile_name: 'dev' }, { scope: ZENFILES });
    expect(narrow.principalArn).toBe(`arn:aws:sts::${ACCOUNT}:federated-user/valetkey-aws-dev`);
    expect(await bed.reach(narrow)).toEqual(['zenfiles']);
  });

  it('the last role of a chain carries the policy', async () => {
    const config =
      roleText('b', bed.data, 'source_profile = a\nrole_session_name = ann\nregion = eu-west-3') +
      roleText('a', bed.first, 'source_profile = dev');
    const machine = bed.machineWith({ config, credentials: `[dev]\n${bed.keysText}` });
    const more = { scope: ZENFILES, seconds: 43_200 };
    const session = await issueBy(profile, machine, { profile: 'b' }, more);
    expect(session).toMatchObject({ roleArn: bed.data, region: 'eu-west-3' });
    expect(session.principalArn).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/data/ann`);
    expect(session.expiresAt).toBe(bed.clock.now() + 3_600_000); // an hour: role chaining
    expect(await bed.reach(session)).toEqual(['zenfiles']);
    expect(bed.aws.calls.count('sts:AssumeRole')).toBe(2);
  });

  it('a role of the connector comes after the profile’s', async () => {
    const config = roleText('a', bed.first, 'source_profile = dev');
    const machine = bed.machineWith({ config, credentials: `[dev]\n${bed.keysText}` });
    const options = { profile: 'a', role_arn: bed.data, region: 'eu-west-2' };
    const session = await issueBy(profile, machine, options, { scope: ZENFILES });
    expect(session).toMatchObject({ roleArn: bed.data, region: 'eu-west-2' });
  });

  it('what the profile says now counts', async () => {
    const machine = bed.machineWith({
      credentials: `[dev]\naws_access_key_id = AKIAGONE\naws_secret_access_key = x\n`,
    });
    await expect(issueBy(profile, machine, { profile: 'dev' })).rejects.toMatchObject({
      code: 'UPSTREAM_BAD_CREDENTIAL',
    });
    machine.write('.aws/credentials', `[dev]\n${bed.keysText}`);
    await expect(issueBy(profile, machine, { profile: 'dev' })).resolves.toHaveProperty(
      'expiresAt',
    );
  });

  it('MFA is asked for at login, and the roles are assumed with what that left', async () => {
    const trusted = bed.aws.accounts.putRole({
      name: 'guarded',
      trust: {
        Version: '2012-10-17',
        Statement: {
          Effect: 'Allow',
          Principal: { AWS: bed.user.arn },
          Action: 'sts:AssumeRole',
          Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } },
        },
      },
    });
    const config = roleText(
      'a',
      trusted.arn,
      `source_profile = dev\nmfa_serial = ${bed.user.mfaSerial}`,
    );
    const machine = bed.machineWith({ config, credentials: `[dev]\n${bed.keysText}` });
    await expect(issueBy(profile, machine, { profile: 'a' })).rejects.toMatchObject({
      code: 'LOGIN_REQUIRED',
      hint: 'run: valetkey connector login aws-dev',
    });
    const flow = await profile.login?.({
      connector: connectorOf(),
      config: profile.config.parse({ profile: 'a' }),
      seconds: 0,
      cloud: cloudOf(machine),
      machine,
      signal: never(),
    });
    expect(flow?.prompt).toEqual({ kind: 'code', label: bed.user.mfaSerial });
    const login = await flow?.finish(bed.user.mfaCode(), never());
    const session = await issueBy(
      profile,
      machine,
      { profile: 'a' },
      { connector: { login: login?.fields } },
    );
    expect(session.roleArn).toBe(trusted.arn);
  });

  describe('of an SSO session', () => {
    it('is handed on with its true expiry, and the CLI’s sign-in is renewed for both', async () => {
      const machine = bed.machineWith({ config: ssoProfile(bed, 'a', 'Developer') });
      const before = await cliSignIn(bed, machine);
      const session = await issueBy(profile, machine, { profile: 'a' });
      expect(session.principalArn).toContain(':assumed-role/AWSReservedSSO_Developer_');
      expect(session.expiresAt).toBe(bed.aws.accounts.sessions().at(-1)?.expiresAt);
      await bed.clock.advance(3_590_000);
      await issueBy(profile, machine, { profile: 'a' });
      const after = cachedSignIn(machine);
      expect(after['accessToken']).not.toBe(before.accessToken.reveal());
      expect(after['refreshToken']).not.toBe(before.refreshToken?.reveal());
      expect(after).toMatchObject({ clientId: before.clientId, region: 'eu-central-1' });
      expect(Date.parse(String(after['expiresAt']))).toBe(bed.clock.now() + 3_600_000);
      await bed.clock.advance(3_590_000);
      await expect(issueBy(profile, machine, { profile: 'a' })).resolves.toHaveProperty(
        'expiresAt',
      );
    });

    it('cannot be narrowed, but through a role', async () => {
      const machine = bed.machineWith({ config: ssoProfile(bed, 'a', 'Developer') });
      await cliSignIn(bed, machine);
      const scope = ZENFILES;
      await expect(issueBy(profile, machine, { profile: 'a' }, { scope })).rejects.toMatchObject({
        code: 'SCOPE_UNSUPPORTED',
      });
      const options = { profile: 'a', role_arn: bed.data };
      expect(await bed.reach(await issueBy(profile, machine, options, { scope }))).toEqual([
        'zenfiles',
      ]);
    });

    it.each(['', 'no json', '{"accessToken":1}'])(
      'with the cache %j needs a login',
      async (text) => {
        const machine = bed.machineWith({ config: ssoProfile(bed, 'a', 'Developer') });
        await cliSignIn(bed, machine);
        machine.write(SSO_CACHE, text);
        await expect(issueBy(profile, machine, { profile: 'a' })).rejects.toMatchObject({
          code: 'LOGIN_REQUIRED',
        });
      },
    );
  });

  it('as_is says beforehand that nothing is narrowed', () => {
    expect(profile.narrows(profile.config.parse({}))).toBe(true);
    expect(profile.narrows(profile.config.parse({ as_is: 'true' }))).toBe(false);
  });

  it('temporary keys go on with the expiry their writer gave, and not without one', async () => {
    const { session } = await bed.container(bed.data);
    const text = `aws_access_key_id = ${session.accessKeyId}\naws_secret_access_key = ${session.secretAccessKey}\naws_session_token = ${session.sessionToken}\n`;
    const end = new Date(session.expiresAt).toISOString();
    const credentials = `[dev]\n${text}x_security_token_expires = ${end}\n[blind]\n${text}`;
    const machine = bed.machineWith({ credentials });
    expect(await issueBy(profile, machine, { profile: 'dev' })).toMatchObject({
      accessKeyId: session.accessKeyId,
      expiresAt: session.expiresAt,
      accountId: ACCOUNT,
      principalArn: session.principalArn,
    });
    await expect(issueBy(profile, machine, { profile: 'blind' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('a user’s key beside some session token is not handed on', async () => {
    const text = `${bed.keysText}aws_session_token = some-token\n`;
    const end = new Date(bed.clock.now() + 3_600_000).toISOString();
    const credentials = `[dev]\n${text}x_security_token_expires = ${end}\n`;
    await expect(
      issueBy(profile, bed.machineWith({ credentials }), { profile: 'dev', as_is: true }),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('a credential_source borrows the machine’s identity, which must be allowed', async () => {
    const config = roleText('a', bed.data, 'credential_source = EcsContainer');
    const { env } = await bed.container(bed.first);
    const refused = bed.machineWith({ config, env });
    bed.aws.calls.reset();
    await expect(issueBy(profile, refused, { profile: 'a' })).rejects.toMatchObject({
      code: 'IMPLICIT_FORBIDDEN',
    });
    expect(bed.aws.calls.all()).toEqual({});
    const allowed = bed.machineWith({ config, env, allow: [bed.data] });
    expect(await issueBy(profile, allowed, { profile: 'a' })).toMatchObject({ roleArn: bed.data });
  });
});
