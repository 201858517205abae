import { KEYS, KEYS_IN_ENV, OTHER, role, TEMPORARY, type SourceRow } from './source-row.ts';

/*
 * Every row was also given to botocore 1.43.11, which finds the same or refuses likewise, except where
 * a row says otherwise.
 */

export const PROFILE_ROWS: readonly SourceRow[] = [
  {
    name: 'keys in the credentials file, region in the config file',
    config: '[profile dev]\nregion = eu-west-3\n',
    credentials: `[dev]\n${KEYS}`,
    profile: 'dev',
    expect: { base: 'AKIAPLAINPLAINPLAIN1', region: 'eu-west-3' },
  },
  {
    name: 'the credentials file wins over the config file',
    config: `[profile dev]\n${OTHER}`,
    credentials: `[dev]\n${KEYS}`,
    profile: 'dev',
    expect: { base: 'AKIAPLAINPLAINPLAIN1' },
  },
  {
    name: 'keys in capitals are keys',
    credentials: `[dev]\n${KEYS.replace('aws_access_key_id', 'AWS_ACCESS_KEY_ID')}`,
    profile: 'dev',
    expect: { base: 'AKIAPLAINPLAINPLAIN1' },
  },
  {
    name: '[default] needs no prefix, others do in the config file',
    config: `[default]\n${KEYS}\n[dev]\n${OTHER}`,
    profile: 'dev',
    expect: { error: 'CONFIG_INVALID', subject: 'profile dev' },
  },
  {
    name: 'temporary keys',
    credentials: `[dev]\n${TEMPORARY}`,
    profile: 'dev',
    expect: { base: 'ASIATEMPORARY0000001 until ?' },
  },
  {
    name: 'temporary keys whose writer says until when (not botocore, which reads no expiry)',
    credentials: `[dev]\n${TEMPORARY}x_security_token_expires = 2026-11-02T12:00:00+02:00\n`,
    profile: 'dev',
    expect: { base: 'ASIATEMPORARY0000001 until 2026-11-02T10:00:00.000Z' },
  },
  {
    name: 'an expiry without its zone is none',
    credentials: `[dev]\n${TEMPORARY}expiration = 2026-11-02 12:00:00\n`,
    profile: 'dev',
    expect: { base: 'ASIATEMPORARY0000001 until ?' },
  },
  {
    name: 'half a key pair',
    credentials: '[dev]\naws_access_key_id = AKIAPLAINPLAINPLAIN1\n',
    profile: 'dev',
    expect: { error: 'CONFIG_INVALID', subject: 'profile dev' },
  },
  {
    name: 'no such profile',
    credentials: `[dev]\n${KEYS}`,
    profile: 'prod',
    expect: { error: 'CONFIG_INVALID', subject: 'profile prod' },
  },
  {
    name: 'a profile with a region alone',
    config: '[profile dev]\nregion = eu-west-3\n',
    profile: 'dev',
    expect: { error: 'CONFIG_INVALID', subject: 'profile dev' },
  },
  {
    name: 'variables with keys play no part when a profile is asked for',
    credentials: `[dev]\n${KEYS}`,
    env: KEYS_IN_ENV,
    profile: 'dev',
    expect: { base: 'AKIAPLAINPLAINPLAIN1' },
  },
  {
    name: 'a role over another profile’s keys',
    config: `[profile deploy]\nrole_arn = ${role('deploy')}\nsource_profile = dev\nexternal_id = x1\nmfa_serial = arn:aws:iam::111122223333:mfa/ann\nrole_session_name = ann\nduration_seconds = 7200\nregion = eu-west-1\n`,
    credentials: `[dev]\n${KEYS}`,
    profile: 'deploy',
    expect: {
      base: 'AKIAPLAINPLAINPLAIN1',
      roles: [`${role('deploy')} x1 arn:aws:iam::111122223333:mfa/ann ann 7200`],
      region: 'eu-west-1',
    },
  },
  {
    name: 'the region of the source profile is not the role’s',
    config: `[profile deploy]\nrole_arn = ${role('deploy')}\nsource_profile = dev\n[profile dev]\nregion = eu-west-1\n`,
    credentials: `[dev]\n${KEYS}`,
    profile: 'deploy',
    expect: { base: 'AKIAPLAINPLAINPLAIN1', roles: [role('deploy')] },
  },
  {
    name: 'a chain of three roles',
    config: [
      `[profile c]\nrole_arn = ${role('c')}\nsource_profile = b`,
      `[profile b]\nrole_arn = ${role('b')}\nsource_profile = a`,
      `[profile a]\nrole_arn = ${role('a')}\nsource_profile = dev`,
    ].join('\n'),
    credentials: `[dev]\n${KEYS}`,
    profile: 'c',
    expect: { base: 'AKIAPLAINPLAINPLAIN1', roles: [role('a'), role('b'), role('c')] },
  },
  {
    name: 'a source profile with keys and a role lends its keys',
    config: `[profile b]\nrole_arn = ${role('b')}\nsource_profile = a\n[profile a]\nrole_arn = ${role('a')}\nsource_profile = a\n${KEYS}`,
    profile: 'b',
    expect: { base: 'AKIAPLAINPLAINPLAIN1', roles: [role('b')] },
  },
  {
    name: 'a profile that is its own source of keys',
    config: `[profile dev]\nrole_arn = ${role('dev')}\nsource_profile = dev\n${KEYS}`,
    profile: 'dev',
    expect: { base: 'AKIAPLAINPLAINPLAIN1', roles: [role('dev')] },
  },
  {
    name: 'a profile that is its own source without keys',
    config: `[profile dev]\nrole_arn = ${role('dev')}\nsource_profile = dev\n`,
    profile: 'dev',
    expect: { error: 'CONFIG_INVALID', subject: 'profile dev' },
  },
  {
    name: 'two profiles that lead to each other',
    config: `[profile a]\nrole_arn = ${role('a')}\nsource_profile = b\n[profile b]\nrole_arn = ${role('b')}\nsource_profile = a\n`,
    profile: 'a',
    expect: { error: 'CONFIG_INVALID', subject: 'profile b' },
  },
  {
    name: 'a loop that begins further down',
    config: ['a:b', 'b:c', 'c:b']
      .map((pair) => pair.split(':'))
      .map(([from, to]) => `[profile ${from}]\nrole_arn = ${role('r')}\nsource_profile = ${to}\n`)
      .join(''),
    profile: 'a',
    expect: { error: 'CONFIG_INVALID', subject: 'profile c' },
  },
  {
    name: 'a source profile that does not exist',
    config: `[profile a]\nrole_arn = ${role('a')}\nsource_profile = gone\n`,
    profile: 'a',
    expect: { error: 'CONFIG_INVALID', subject: 'profile a' },
  },
  {
    name: 'a source profile without credentials',
    config: `[profile a]\nrole_arn = ${role('a')}\nsource_profile = b\n[profile b]\nregion = eu-west-1\n`,
    profile: 'a',
    expect: { error: 'CONFIG_INVALID', subject: 'profile a' },
  },
  {
    name: 'a role of nobody',
    config: `[profile a]\nrole_arn = ${role('a')}\n${KEYS}`,
    profile: 'a',
    expect: { error: 'CONFIG_INVALID', subject: 'profile a' },
  },
  {
    name: 'a role of two sources',
    config: `[profile a]\nrole_arn = ${role('a')}\nsource_profile = b\ncredential_source = Environment\n[profile b]\n${KEYS}`,
    profile: 'a',
    expect: { error: 'CONFIG_INVALID', subject: 'profile a' },
  },
  {
    name: 'credential_source Environment',
    config: `[profile a]\nrole_arn = ${role('a')}\ncredential_source = Environment\n`,
    env: KEYS_IN_ENV,
    profile: 'a',
    expect: { base: 'AKIAENVENVENVENV0003', roles: [role('a')], borrowed: true },
  },
  {
    name: 'credential_source Environment without variables',
    config: `[profile a]\nrole_arn = ${role('a')}\ncredential_source = Environment\n`,
    profile: 'a',
    expect: { error: 'CONFIG_INVALID', subject: 'profile a' },
  },
  {
    name: 'credential_source EcsContainer',
    config: `[profile a]\nrole_arn = ${role('a')}\ncredential_source = EcsContainer\n`,
    env: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/x' },
    profile: 'a',
    expect: {
      base: 'container http://169.254.170.2/v2/credentials/x',
      roles: [role('a')],
      borrowed: true,
    },
  },
  {
    name: 'credential_source Ec2InstanceMetadata, below another role',
    config: `[profile b]\nrole_arn = ${role('b')}\nsource_profile = a\n[profile a]\nrole_arn = ${role('a')}\ncredential_source = Ec2InstanceMetadata\n`,
    env: { AWS_EC2_METADATA_DISABLED: 'false' },
    profile: 'b',
    expect: {
      base: 'instance http://169.254.169.254',
      roles: [role('a'), role('b')],
      borrowed: true,
    },
  },
  {
    name: 'an unknown credential_source',
    config: `[profile a]\nrole_arn = ${role('a')}\ncredential_source = Elsewhere\n`,
    profile: 'a',
    expect: { error: 'CONFIG_INVALID', subject: 'profile a' },
  },
];
