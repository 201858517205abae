import { secret } from '../../core/secret.ts';
import { nonEmpty, type Profile, type SharedConfig } from './shared-config.ts';
import { instantOf, unusableProfile as invalid, type BaseSource } from './source.ts';
import { ssoSource } from './sso-profile.ts';

/** What a profile holds itself, roles over other profiles aside. */
export function ownCredentials(name: string, files: SharedConfig): BaseSource | undefined {
  const profile = files.profiles.get(name);
  if (profile === undefined) return undefined;
  const tokenFile = nonEmpty(profile['web_identity_token_file']);
  if (tokenFile !== undefined) {
    const roleArn = profile['role_arn'];
    if (roleArn === undefined) {
      throw invalid(name, 'it has a web_identity_token_file, but no role_arn', 'add the role_arn');
    }
    return { kind: 'web-identity', tokenFile, roleArn, sessionName: profile['role_session_name'] };
  }
  const sso = ssoSource(name, profile, files);
  if (sso !== undefined) return sso;
  const inCredentials = keysOf(name, files.credentials.get(name));
  if (inCredentials !== undefined) return inCredentials;
  if (profile['login_session'] !== undefined) {
    throw invalid(
      name,
      'it uses `aws login`, whose tokens only AWS’s own tools can renew',
      'let the CLI renew them: another profile with credential_process = aws configure export-credentials --profile ' +
        name,
    );
  }
  const command = nonEmpty(profile['credential_process']);
  if (command !== undefined) return { kind: 'process', command };
  return keysOf(name, files.config.get(name));
}

function keysOf(name: string, profile: Profile | undefined): BaseSource | undefined {
  if (profile === undefined || !hasKeys(profile)) return undefined;
  const accessKeyId = profile['aws_access_key_id'];
  const secretAccessKey = profile['aws_secret_access_key'];
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const missing = accessKeyId === undefined ? 'aws_access_key_id' : 'aws_secret_access_key';
    throw invalid(name, `it has one half of a key pair; ${missing} is missing`, 'add it');
  }
  const token = nonEmpty(profile['aws_session_token']) ?? nonEmpty(profile['aws_security_token']);
  const keys = { accessKeyId, secretAccessKey: secret(secretAccessKey) };
  if (token === undefined) return { kind: 'long-lived-keys', keys };
  return {
    kind: 'temporary-keys',
    keys: { ...keys, sessionToken: secret(token) },
    expiresAt: expiryIn(profile),
  };
}

/** No AWS tool writes an expiry here; saml2aws and aws-azure-login do, under these names. */
const EXPIRY_KEYS = ['x_security_token_expires', 'aws_expiration', 'expiration'];

function expiryIn(profile: Profile): number | undefined {
  return EXPIRY_KEYS.map((key) => instantOf(profile[key])).find((at) => at !== undefined);
}

export function hasKeys(profile: Profile): boolean {
  return (
    profile['aws_access_key_id'] !== undefined || profile['aws_secret_access_key'] !== undefined
  );
}
