import { ValetkeyError } from '../../core/errors.ts';
import { secret } from '../../core/secret.ts';
import { nonEmpty, type Env, type Profile } from './shared-config.ts';
import { instantOf, type BaseSource, type ContainerSource, type InstanceSource } from './source.ts';

/*
 * What the variables of a process say about its own identity. Pure.
 * https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
 */

export function keysFromEnv(env: Env): BaseSource | undefined {
  const accessKeyId = nonEmpty(env['AWS_ACCESS_KEY_ID']);
  if (accessKeyId === undefined) return undefined;
  const secretAccessKey = nonEmpty(env['AWS_SECRET_ACCESS_KEY']);
  if (secretAccessKey === undefined) {
    throw invalid('AWS_SECRET_ACCESS_KEY', 'AWS_ACCESS_KEY_ID is set without it');
  }
  const token = nonEmpty(env['AWS_SECURITY_TOKEN']) ?? nonEmpty(env['AWS_SESSION_TOKEN']);
  const keys = { accessKeyId, secretAccessKey: secret(secretAccessKey) };
  if (token === undefined) return { kind: 'long-lived-keys', keys };
  return {
    kind: 'temporary-keys',
    keys: { ...keys, sessionToken: secret(token) },
    expiresAt: instantOf(env['AWS_CREDENTIAL_EXPIRATION']),
  };
}

/** Each variable may also come from the profile, as in boto. */
export function webIdentityFromEnv(env: Env, profile: Profile | undefined): BaseSource | undefined {
  const tokenFile = nonEmpty(env['AWS_WEB_IDENTITY_TOKEN_FILE']);
  if (tokenFile === undefined) return undefined;
  const roleArn = nonEmpty(env['AWS_ROLE_ARN']) ?? profile?.['role_arn'];
  if (roleArn === undefined) {
    throw invalid('AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE is set without it');
  }
  const sessionName = nonEmpty(env['AWS_ROLE_SESSION_NAME']) ?? profile?.['role_session_name'];
  return { kind: 'web-identity', tokenFile, roleArn, sessionName };
}

const ECS_ORIGIN = 'http://169.254.170.2';
/** Where an http endpoint may be: boto's list. Elsewhere the credentials would cross a network in clear. */
const CONTAINER_HOSTS =
  /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\]|169\.254\.170\.2|169\.254\.170\.23|\[fd00:ec2::23\])$/;

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
export function containerSource(env: Env): ContainerSource | undefined {
  const relative = nonEmpty(env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI']);
  const full = nonEmpty(env['AWS_CONTAINER_CREDENTIALS_FULL_URI']);
  const address = relative === undefined ? full : ECS_ORIGIN + relative;
  if (address === undefined) return undefined;
  const url = URL.parse(address);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw invalid('AWS_CONTAINER_CREDENTIALS_FULL_URI', 'it is no http or https URL');
  }
  if (url.protocol === 'http:' && !CONTAINER_HOSTS.test(url.hostname)) {
    throw invalid(
      'AWS_CONTAINER_CREDENTIALS_FULL_URI',
      'http is for loopback and the link-local container addresses alone',
    );
  }
  return {
    kind: 'container',
    url: url.href,
    tokenFile: nonEmpty(env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']),
    token: nonEmpty(env['AWS_CONTAINER_AUTHORIZATION_TOKEN']),
  };
}

/** IMDS is always there to be tried, unless it is switched off. */
export function instanceSource(env: Env, profile: Profile | undefined): InstanceSource | undefined {
  if (env['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true') return undefined;
  const setting = (name: string) =>
    nonEmpty(env[`AWS_${name.toUpperCase()}`]) ?? nonEmpty(profile?.[name]);
  const mode = setting('ec2_metadata_service_endpoint_mode')?.toLowerCase();
  const standard = mode === 'ipv6' ? 'http://[fd00:ec2::254]' : 'http://169.254.169.254';
  const endpoint = setting('ec2_metadata_service_endpoint') ?? standard;
  if (URL.parse(endpoint) === null) {
    throw invalid('AWS_EC2_METADATA_SERVICE_ENDPOINT', 'it is no URL');
  }
  return { kind: 'instance', endpoint: endpoint.replace(/\/+$/, '') };
}

function invalid(variable: string, reason: string): ValetkeyError {
  return new ValetkeyError('CONFIG_INVALID', {
    subject: variable,
    reason,
    hint: 'correct or unset the variable',
  });
}
