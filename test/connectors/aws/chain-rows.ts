import { KEYS, KEYS_IN_ENV, OTHER, role, type SourceRow } from './source-row.ts';

/*
 * Every row was also given to botocore 1.43.11, which finds the same or refuses likewise, except where
 * a row says otherwise.
 */

export const CHAIN_ROWS: readonly SourceRow[] = [
  {
    name: 'keys in variables go before everything',
    credentials: `[default]\n${KEYS}`,
    env: { ...KEYS_IN_ENV, AWS_REGION: 'us-east-2' },
    expect: { base: 'AKIAENVENVENVENV0003', borrowed: true, region: 'us-east-2' },
  },
  {
    name: 'keys in variables go before AWS_PROFILE too',
    credentials: `[dev]\n${KEYS}`,
    env: { ...KEYS_IN_ENV, AWS_PROFILE: 'dev' },
    expect: { base: 'AKIAENVENVENVENV0003', borrowed: true },
  },
  {
    name: 'temporary keys in variables, with their expiry',
    env: {
      ...KEYS_IN_ENV,
      AWS_SESSION_TOKEN: 't',
      AWS_CREDENTIAL_EXPIRATION: '2026-11-02T10:30:00+00:00',
    },
    expect: { base: 'AKIAENVENVENVENV0003 until 2026-11-02T10:30:00.000Z', borrowed: true },
  },
  {
    name: 'half a key pair in variables',
    env: { AWS_ACCESS_KEY_ID: 'AKIAENVENVENVENV0003' },
    expect: { error: 'CONFIG_INVALID', subject: 'AWS_SECRET_ACCESS_KEY' },
  },
  {
    name: 'the default profile, with its region',
    config: '[default]\nregion = eu-west-1\n',
    credentials: `[default]\n${KEYS}`,
    expect: { base: 'AKIAPLAINPLAINPLAIN1', region: 'eu-west-1' },
  },
  {
    name: 'a variable’s region wins over the profile’s',
    config: '[default]\nregion = eu-west-1\n',
    credentials: `[default]\n${KEYS}`,
    env: { AWS_DEFAULT_REGION: 'eu-west-2' },
    expect: { base: 'AKIAPLAINPLAINPLAIN1', region: 'eu-west-2' },
  },
  {
    name: 'AWS_PROFILE, then AWS_DEFAULT_PROFILE',
    credentials: `[default]\n${OTHER}\n[dev]\n${KEYS}`,
    env: { AWS_DEFAULT_PROFILE: 'dev' },
    expect: { base: 'AKIAPLAINPLAINPLAIN1' },
  },
  {
    name: 'AWS_PROFILE of a profile that does not exist',
    credentials: `[default]\n${KEYS}`,
    env: { AWS_PROFILE: 'gone' },
    expect: { error: 'CONFIG_INVALID', subject: 'AWS_PROFILE' },
  },
  {
    name: 'a web identity in variables, as Kubernetes sets it, goes before keys in files',
    credentials: `[default]\n${KEYS}`,
    env: { AWS_WEB_IDENTITY_TOKEN_FILE: '/run/token', AWS_ROLE_ARN: role('pod') },
    expect: { base: `web-identity ${role('pod')} /run/token`, borrowed: true },
  },
  {
    name: 'a web identity in variables without a role',
    env: { AWS_WEB_IDENTITY_TOKEN_FILE: '/run/token' },
    expect: { error: 'CONFIG_INVALID', subject: 'AWS_ROLE_ARN' },
  },
  {
    name: 'a role of the profile goes before a web identity in variables',
    config: `[default]\nrole_arn = ${role('a')}\nsource_profile = dev\n[profile dev]\n${KEYS}`,
    env: { AWS_WEB_IDENTITY_TOKEN_FILE: '/run/token', AWS_ROLE_ARN: role('pod') },
    expect: { base: 'AKIAPLAINPLAINPLAIN1', roles: [role('a')] },
  },
  {
    name: 'the container endpoint, relative before full',
    env: {
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/x',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:9/full',
    },
    expect: { base: 'container http://169.254.170.2/v2/credentials/x', borrowed: true },
  },
  {
    name: 'an empty relative URI is none (botocore asks it)',
    env: {
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://[fd00:ec2::23]/v1/credentials',
    },
    expect: { base: 'container http://[fd00:ec2::23]/v1/credentials', borrowed: true },
  },
  {
    name: 'a container endpoint in clear on another machine',
    env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://example.com/credentials' },
    expect: { error: 'CONFIG_INVALID', subject: 'AWS_CONTAINER_CREDENTIALS_FULL_URI' },
  },
  {
    name: 'a host that only begins like loopback',
    env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1.example.com/credentials' },
    expect: { error: 'CONFIG_INVALID', subject: 'AWS_CONTAINER_CREDENTIALS_FULL_URI' },
  },
  {
    name: 'https may be anywhere',
    env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'https://example.com/credentials' },
    expect: { base: 'container https://example.com/credentials', borrowed: true },
  },
  {
    name: 'the instance at last, where the profile only has a region',
    config:
      '[default]\nregion = eu-west-1\nec2_metadata_service_endpoint = http://127.0.0.1:7/imds/\n',
    env: { AWS_EC2_METADATA_DISABLED: '' },
    expect: { base: 'instance http://127.0.0.1:7/imds', borrowed: true, region: 'eu-west-1' },
  },
  {
    name: 'the instance by IPv6',
    env: { AWS_EC2_METADATA_DISABLED: '', AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: 'IPv6' },
    expect: { base: 'instance http://[fd00:ec2::254]', borrowed: true },
  },
];
