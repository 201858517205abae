import { KEYS, OTHER, role, type SourceRow } from './source-row.ts';

/*
 * Every row was also given to botocore 1.43.11, which finds the same or refuses likewise, except where
 * a row says otherwise.
 */

export const PROFILE_SOURCE_ROWS: readonly SourceRow[] = [
  {
    name: 'a web identity',
    config: `[profile a]\nrole_arn = ${role('a')}\nweb_identity_token_file = /run/token\n`,
    profile: 'a',
    expect: { base: `web-identity ${role('a')} /run/token` },
  },
  {
    name: 'a web identity without a role',
    config: '[profile a]\nweb_identity_token_file = /run/token\n',
    profile: 'a',
    expect: { error: 'CONFIG_INVALID', subject: 'profile a' },
  },
  {
    name: 'a role over a web identity, whose variables do not count there',
    config: `[profile b]\nrole_arn = ${role('b')}\nsource_profile = a\n[profile a]\nrole_arn = ${role('a')}\nweb_identity_token_file = /run/token\n`,
    env: { AWS_WEB_IDENTITY_TOKEN_FILE: '/run/other', AWS_ROLE_ARN: role('other') },
    profile: 'b',
    expect: { base: `web-identity ${role('a')} /run/token`, roles: [role('b')] },
  },
  {
    name: 'SSO with a session of its own',
    config:
      '[profile a]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Dev\nregion = eu-west-1\n[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-central-1\nsso_registration_scopes = sso:account:access, codewhisperer:completions\n',
    profile: 'a',
    expect: {
      base: 'sso corp https://corp.awsapps.com/start eu-central-1 111122223333 Dev sso:account:access codewhisperer:completions',
      region: 'eu-west-1',
    },
  },
  {
    name: 'SSO in its older form',
    config:
      '[profile a]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-central-1\nsso_account_id = 111122223333\nsso_role_name = Dev\n',
    profile: 'a',
    expect: {
      base: 'sso - https://corp.awsapps.com/start eu-central-1 111122223333 Dev sso:account:access',
    },
  },
  {
    name: 'SSO goes before keys',
    config:
      '[profile a]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-central-1\nsso_account_id = 111122223333\nsso_role_name = Dev\n',
    credentials: `[a]\n${KEYS}`,
    profile: 'a',
    expect: {
      base: 'sso - https://corp.awsapps.com/start eu-central-1 111122223333 Dev sso:account:access',
    },
  },
  {
    name: 'SSO without its role name',
    config:
      '[profile a]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-central-1\nsso_account_id = 111122223333\n',
    profile: 'a',
    expect: { error: 'CONFIG_INVALID', subject: 'profile a' },
  },
  {
    name: 'SSO with a session that does not exist',
    config: '[profile a]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Dev\n',
    profile: 'a',
    expect: { error: 'CONFIG_INVALID', subject: 'profile a' },
  },
  {
    name: 'SSO whose profile and session disagree',
    config:
      '[profile a]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Dev\nsso_region = us-east-1\n[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-central-1\n',
    profile: 'a',
    expect: { error: 'CONFIG_INVALID', subject: 'profile a' },
  },
  {
    name: 'a role over SSO',
    config: `[profile b]\nrole_arn = ${role('b')}\nsource_profile = a\n[profile a]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Dev\n[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-central-1\n`,
    profile: 'b',
    expect: {
      base: 'sso corp https://corp.awsapps.com/start eu-central-1 111122223333 Dev sso:account:access',
      roles: [role('b')],
    },
  },
  {
    name: 'a session’s own section is no profile',
    config:
      '[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-central-1\n',
    profile: 'sso-session.corp',
    expect: { error: 'CONFIG_INVALID', subject: 'profile sso-session.corp' },
  },
  {
    name: 'an empty session token is none: such keys are long-lived',
    credentials: `[a]\n${KEYS}aws_session_token =\n`,
    profile: 'a',
    expect: { base: 'AKIAPLAINPLAINPLAIN1' },
  },
  {
    name: 'a process, after the credentials file and before the config file',
    config: `[profile a]\ncredential_process = /opt/vault get "my key"\n${OTHER}`,
    profile: 'a',
    expect: { base: 'process /opt/vault get "my key"' },
  },
  {
    name: 'keys in the credentials file go before a process',
    config: '[profile a]\ncredential_process = /opt/vault get\n',
    credentials: `[a]\n${KEYS}`,
    profile: 'a',
    expect: { base: 'AKIAPLAINPLAINPLAIN1' },
  },
  {
    name: '`aws login`, which we cannot renew (botocore can)',
    config: '[profile a]\nlogin_session = arn:aws:iam::111122223333:user/ann\n',
    profile: 'a',
    expect: { error: 'CONFIG_INVALID', subject: 'profile a' },
  },
];
