import { describe, expect, it } from 'vitest';

import { isGoogleHost } from '../../../src/connectors/gcp/google-hosts.ts';
import { parseExternalAccount } from '../../../src/connectors/gcp/external-account.ts';
import { secret } from '../../../src/core/secret.ts';
import {
  AUDIENCE,
  AWS_TYPE,
  configuration,
  impersonationUrl,
  JWT_TYPE,
  parse,
  PLACE,
} from './external-account-bed.ts';

const EMAIL = 'deployer@data-prod.iam.gserviceaccount.com';
const IMPERSONATION = { service_account_impersonation_url: impersonationUrl(EMAIL) };
const WORKFORCE = '//iam.googleapis.com/locations/global/workforcePools/staff/providers/okta';
const URL_SOURCE = { url: 'https://idp.example/token' };
const AWS_SOURCE = { environment_id: 'aws1' };
const awsSource = (more: object) => ({
  subject_token_type: AWS_TYPE,
  credential_source: { ...AWS_SOURCE, ...more },
});
const program = (executable: object) => ({ credential_source: { executable } });

describe('an external account', () => {
  it('tells whom it becomes, for how long, and where Google is asked', () => {
    const account = parse(
      configuration({
        ...IMPERSONATION,
        service_account_impersonation: { token_lifetime_seconds: 7200 },
        client_id: 'id',
        client_secret: 'hidden',
        unknown_field: 'of a later version',
      }),
    );
    expect(account).toMatchObject({
      audience: AUDIENCE,
      subjectTokenType: JWT_TYPE,
      source: { kind: 'file', path: '/var/run/token', format: { type: 'text' } },
      impersonation: { email: EMAIL, seconds: 7200 },
      clientId: 'id',
      place: PLACE,
    });
    expect(account.place.stsEndpoint).toBeUndefined();
    expect(account.clientSecret?.reveal()).toBe('hidden');
    expect(JSON.stringify(account)).not.toContain('hidden');
  });

  it('needs no impersonation, and an hour is the usual lifetime of one', () => {
    expect(parse(configuration()).impersonation).toBeUndefined();
    expect(parse(configuration(IMPERSONATION)).impersonation).toEqual({
      email: EMAIL,
      seconds: 3600,
    });
  });

  it.each<[string, object]>([
    ['a workload pool', {}],
    [
      'a workload pool of a named project',
      { audience: AUDIENCE.replace('123456789012', 'data-prod') },
    ],
    [
      'a fleet',
      { audience: 'identitynamespace:data-prod.svc.id.goog:https://container.example/c' },
    ],
    ['a workforce pool', { audience: WORKFORCE, workforce_pool_user_project: '123456789012' }],
    ['no token_url', { token_url: undefined }],
    ['an address', { credential_source: { ...URL_SOURCE, headers: { Metadata: 'True' } } }],
    ['this machine', { credential_source: { url: 'http://169.254.169.254/metadata/identity' } }],
    ['AWS variables', awsSource({})],
    [
      'AWS as gcloud writes it',
      awsSource({
        region_url: 'http://169.254.169.254/latest/meta-data/placement/availability-zone',
        url: 'http://169.254.169.254/latest/meta-data/iam/security-credentials',
        imdsv2_session_token_url: 'http://[fd00:ec2::254]/latest/api/token',
        regional_cred_verification_url:
          'https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15',
      }),
    ],
    ['a program', program({ command: '/opt/token', timeout_millis: 5_000 })],
  ])('may be of %s', (_, more) => {
    expect(() => parse(configuration(more))).not.toThrow();
  });

  it.each<[string, object, string]>([
    ['no type', { type: undefined }, 'type is not external_account'],
    ['a type of its own', { type: 'x'.repeat(99) }, 'type is not external_account'],
    ['another type of its object', { type: 'constructor' }, 'type is not external_account'],
    ['no audience', { audience: undefined }, 'audience: it is required'],
    ['an audience of another kind', { audience: 'https://api.example' }, 'audience'],
    ['a pool without a provider', { audience: AUDIENCE.replace(/\/providers.*/, '') }, 'audience'],
    [
      'a workforce pool without its project',
      { audience: WORKFORCE },
      'workforce_pool_user_project',
    ],
    [
      'a workforce project without its pool',
      { workforce_pool_user_project: '1' },
      'workforce_pool_user_project',
    ],
    ['an unknown token type', { subject_token_type: 'urn:x' }, 'subject_token_type'],
    [
      'a certificate’s token type',
      { subject_token_type: 'urn:ietf:params:oauth:token-type:mtls' },
      'subject_token_type',
    ],
    ['an AWS token from a file', { subject_token_type: AWS_TYPE }, 'does not fit'],
    ['a JWT from AWS', { credential_source: AWS_SOURCE }, 'does not fit'],
    ['a universe of its own', { universe_domain: 'other.example' }, 'universe_domain'],
    ['no source', { credential_source: undefined }, 'credential_source'],
    ['a source that is a text', { credential_source: '/var/run/token' }, 'credential_source'],
    ['two sources', { credential_source: { file: '/x', ...URL_SOURCE } }, 'exactly one'],
    ['an empty source', { credential_source: {} }, 'exactly one'],
    ['a certificate', { credential_source: { certificate: {} } }, 'X.509'],
    ['an empty path', { credential_source: { file: '' } }, 'credential_source.file'],
    [
      'JSON without its field',
      { credential_source: { file: '/x', format: { type: 'json' } } },
      'subject_token_field_name',
    ],
    [
      'another format',
      { credential_source: { file: '/x', format: { type: 'xml' } } },
      'format.type',
    ],
    ['an address in clear', { credential_source: { url: 'http://idp.example/' } }, 'https'],
    [
      'an address with a password',
      { credential_source: { url: 'https://a:b@idp.example/' } },
      'password',
    ],
    ['no address', { credential_source: { url: 'file:///etc/passwd' } }, 'credential_source.url'],
    [
      'a header with a line break',
      { credential_source: { ...URL_SOURCE, headers: { a: 'b\r\nc: d' } } },
      'printable',
    ],
    [
      'another version of AWS',
      { ...awsSource({}), credential_source: { environment_id: 'aws2' } },
      'environment_id',
    ],
    ['AWS keys of a stranger', awsSource({ url: 'http://10.0.0.1/keys' }), '169.254.169.254'],
    [
      'AWS keys at another port',
      awsSource({ url: 'http://169.254.169.254:81/keys' }),
      '169.254.169.254',
    ],
    [
      'a region of a stranger',
      awsSource({ region_url: 'http://meta.example/az' }),
      '169.254.169.254',
    ],
    [
      'a session of a stranger',
      awsSource({ imdsv2_session_token_url: 'https://169.254.169.254/' }),
      '169.254.169.254',
    ],
    [
      'another AWS service',
      awsSource({
        regional_cred_verification_url:
          'https://iam.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15',
      }),
      'GetCallerIdentity',
    ],
    [
      'another AWS action',
      awsSource({
        regional_cred_verification_url:
          'https://sts.amazonaws.com?Action=GetSessionToken&Version=2011-06-15',
      }),
      'GetCallerIdentity',
    ],
    [
      'what looks like AWS',
      awsSource({
        regional_cred_verification_url:
          'https://sts.eu.amazonaws.com.evil.example?Action=GetCallerIdentity&Version=2011-06-15',
      }),
      'GetCallerIdentity',
    ],
    ['no command', program({}), 'executable.command'],
    ['a hasty program', program({ command: 'x', timeout_millis: 4_999 }), '5000 to 120000'],
    ['a slow program', program({ command: 'x', timeout_millis: 120_001 }), '5000 to 120000'],
    [
      'a short lifetime',
      { ...IMPERSONATION, service_account_impersonation: { token_lifetime_seconds: 599 } },
      '600 to 43200',
    ],
    [
      'a long lifetime',
      { ...IMPERSONATION, service_account_impersonation: { token_lifetime_seconds: 43_201 } },
      '600 to 43200',
    ],
  ])('may not have %s', (_, more, reason) => {
    expect(() => parse(configuration(more))).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        subject: 'external_account_json',
        message: expect.stringContaining(reason),
      }),
    );
  });

  it.each([
    ['service_account', 'service-account'],
    ['authorized_user', 'user-account'],
    ['impersonated_service_account', 'impersonation'],
    ['external_account_authorized_user', 'not supported'],
  ])('of type %s is told what takes it', (type, hint) => {
    expect(() => parse({ type, private_key: 'planted' })).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', hint: expect.stringContaining(hint) }),
    );
  });

  it.each(['', '{', '[]', '"x"', 'null'])('is no %j', (text) => {
    expect(() => parseExternalAccount(secret(text), PLACE)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', subject: 'external_account_json' }),
    );
  });

  it('is never quoted', () => {
    for (const broken of ['{"planted', '{"type":"planted"}', '["planted"]']) {
      expect(() => parseExternalAccount(secret(broken), PLACE)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('planted') }),
      );
    }
  });
});

describe('whom a token is sent to', () => {
  it.each([
    'https://evil.example/v1/token',
    'http://sts.googleapis.com/v1/token',
    'https://sts.googleapis.com:444/v1/token',
    'https://sts.googleapis.com.evil.example/v1/token',
    'https://evilsts.googleapis.com/v1/token',
    'https://storage.googleapis.com/v1/token',
    'https://sts.googleapis.com/evil',
    'https://sts.googleapis.com/v1/token?x=/v1/token',
    'https://user@sts.googleapis.com/v1/token',
    'https://sts.mtls.googleapis.com/v1/token',
    'https://sts.other-cloud.example/v1/token',
    'sts.googleapis.com',
    'http://127.0.0.1:8080/v1/token',
  ])('token_url %s is refused', (token_url) => {
    expect(() => parse(configuration({ token_url }))).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringContaining('token_url'),
      }),
    );
  });

  it.each([
    impersonationUrl(EMAIL, 'https://evil.example'),
    impersonationUrl(EMAIL, 'http://iamcredentials.googleapis.com'),
    impersonationUrl(EMAIL, 'https://iamcredentials.googleapis.com.evil.example'),
    impersonationUrl('not-an-address'),
    impersonationUrl(`${EMAIL}/../x`),
    impersonationUrl(`a b@data-prod.example`),
    `${impersonationUrl(EMAIL)}?x=1`,
    impersonationUrl(EMAIL).replace('/-/', '/data-prod/'),
    impersonationUrl(EMAIL).replace('generateAccessToken', 'signJwt'),
  ])('service_account_impersonation_url %s is refused', (service_account_impersonation_url) => {
    expect(() => parse(configuration({ service_account_impersonation_url }))).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    );
  });

  it.each([
    [{ token_url: 'https://evil.example/v1/token' }, 'sts_endpoint'],
    [
      { service_account_impersonation_url: impersonationUrl(EMAIL, 'https://evil.example') },
      'iamcredentials_endpoint',
    ],
  ])('%o: for a service of one’s own there is a field', (config, field) => {
    expect(() => parse(configuration(config))).toThrow(
      expect.objectContaining({ hint: expect.stringContaining(field) }),
    );
  });

  it('Google’s regional services are asked where the configuration says', () => {
    const { place } = parse(
      configuration({
        token_url: 'https://sts.us-central1.rep.googleapis.com/v1/token',
        service_account_impersonation_url: impersonationUrl(
          EMAIL,
          'https://us-east1-iamcredentials.googleapis.com',
        ),
      }),
    );
    expect(place).toMatchObject({
      stsEndpoint: 'https://sts.us-central1.rep.googleapis.com',
      iamCredentialsEndpoint: 'https://us-east1-iamcredentials.googleapis.com',
    });
  });

  it('the connector’s own endpoints win, and may be named', () => {
    const own = {
      ...PLACE,
      stsEndpoint: 'http://127.0.0.1:8080',
      iamCredentialsEndpoint: 'http://127.0.0.1:8081',
    };
    const named = {
      token_url: 'http://127.0.0.1:8080/v1/token',
      service_account_impersonation_url: impersonationUrl(EMAIL, 'http://127.0.0.1:8081'),
    };
    for (const config of [configuration(named), configuration(IMPERSONATION)]) {
      expect(parse(config, own).place).toEqual(own);
    }
    expect(() =>
      parse(configuration({ token_url: 'http://127.0.0.1:8082/v1/token' }), own),
    ).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  });

  it('another cloud of Google’s has hosts of its own', () => {
    const place = { universeDomain: 'cloud.example' };
    const more = {
      universe_domain: 'cloud.example',
      token_url: 'https://sts.cloud.example/v1/token',
      audience: AUDIENCE.replace('googleapis.com', 'cloud.example'),
    };
    expect(parse(configuration(more), place).place.stsEndpoint).toBeUndefined();
    expect(() => parse(configuration({ universe_domain: 'cloud.example' }), place)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    );
  });

  it.each<[string, boolean]>([
    ['sts.googleapis.com', true],
    ['sts.us-east1.googleapis.com', true],
    ['us-east1.sts.googleapis.com', true],
    ['us-east1-sts.googleapis.com', true],
    ['sts-office.p.googleapis.com', true],
    ['sts.us-east1.rep.googleapis.com', true],
    ['sts.a.b.googleapis.com', false],
    ['sts-.p.googleapis.com', false],
    ['sts.googleapisXcom', false],
    ['googleapis.com', false],
    ['xsts.googleapis.com', false],
  ])('host %s: %s', (host, expected) => {
    expect(isGoogleHost(host, 'sts', 'googleapis.com')).toBe(expected);
  });
});
