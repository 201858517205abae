const PREFIX = 'https://www.googleapis.com/auth/';

export const CLOUD_PLATFORM = `${PREFIX}cloud-platform`;
export const IAM = `${PREFIX}iam`;
export const STORAGE_FULL = `${PREFIX}devstorage.full_control`;
export const STORAGE_WRITE = `${PREFIX}devstorage.read_write`;
export const STORAGE_READ = `${PREFIX}devstorage.read_only`;
export const CLOUD_READ = `${PREFIX}cloud-platform.read-only`;

/** https://developers.google.com/identity/protocols/oauth2/scopes, the ones clients of a cloud ask for. */
const KNOWN = new Set([
  'openid',
  'email',
  'profile',
  ...[
    'accounts.reauth',
    'admin.directory.group.readonly',
    'admin.directory.user.readonly',
    'appengine.admin',
    'bigquery',
    'bigquery.insertdata',
    'bigquery.readonly',
    'cloud-platform',
    'cloud-platform.read-only',
    'cloudkms',
    'compute',
    'compute.readonly',
    'datastore',
    'devstorage.full_control',
    'devstorage.read_only',
    'devstorage.read_write',
    'drive',
    'drive.readonly',
    'firebase',
    'iam',
    'logging.admin',
    'logging.read',
    'logging.write',
    'monitoring',
    'monitoring.read',
    'monitoring.write',
    'ndev.clouddns.readwrite',
    'pubsub',
    'service.management',
    'service.management.readonly',
    'servicecontrol',
    'spreadsheets',
    'sqlservice.admin',
    'sqlservice.login',
    'trace.append',
    'userinfo.email',
    'userinfo.profile',
  ].map((name) => PREFIX + name),
]);

/** The short names of OpenID Connect come back as the long ones. */
const LONG: Readonly<Record<string, string>> = {
  email: `${PREFIX}userinfo.email`,
  profile: `${PREFIX}userinfo.profile`,
};

/** Separated by single spaces → a list, each once; undefined when one is empty, unknown or oddly written. */
export function parseScopes(text: string): readonly string[] | undefined {
  return knownScopes(text.split(' '));
}

export function knownScopes(scopes: readonly string[]): readonly string[] | undefined {
  if (scopes.length === 0 || !scopes.every((scope) => KNOWN.has(scope))) return undefined;
  return [...new Set(scopes.map((scope) => LONG[scope] ?? scope))];
}
