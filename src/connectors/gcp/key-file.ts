import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';

import { ValetkeyError } from '../../core/errors.ts';
import { secret, type Secret } from '../../core/secret.ts';
import type { AuthorizedUser, GcpPlace, ServiceAccountKey } from './cloud.ts';
import { fieldsIn, invalid, objectIn } from './json-secret.ts';
import { email } from './place.ts';

export interface StoredUser extends AuthorizedUser {
  /** The project that API calls are counted against. */
  readonly quotaProject?: string | undefined;
  /** E-mail, where the login kept it. */
  readonly account?: string | undefined;
}

const text = z.string().min(1, 'it is empty');
const ours = {
  token_uri: z.string().optional(),
  universe_domain: z.string().optional(),
};
const KeyFile = z.object({
  ...ours,
  client_email: email,
  private_key: text,
  private_key_id: text.optional(),
  project_id: text.optional(),
});
const UserFile = z.object({
  ...ours,
  client_id: text,
  client_secret: text,
  refresh_token: text,
  quota_project_id: text.optional(),
  account: z.string().optional(),
});

/** Which auth method takes a credential file of this type. */
const METHODS: Readonly<Record<string, string>> = {
  service_account: 'service-account',
  authorized_user: 'user-account',
  external_account: 'external-account',
  impersonated_service_account: 'impersonation',
};

/** Every token URL that Google's own tools ever wrote into a key file. */
const TOKEN_URIS = new Set([
  'https://oauth2.googleapis.com/token',
  'https://accounts.google.com/o/oauth2/token',
  'https://www.googleapis.com/oauth2/v4/token',
  'https://www.googleapis.com/oauth2/v3/token',
]);

/**
 * A service account's key as `gcloud iam service-accounts keys create` writes it. Throws
 * `INPUT_INVALID` with `subject`, the field it was given in, and never quotes it.
 * https://google.aip.dev/auth/4112
 */
export function parseKeyFile(
  json: Secret,
  place: GcpPlace,
  subject = 'service_account_json',
): ServiceAccountKey {
  const file = fieldsIn(KeyFile, ofType(json, 'service_account', subject), subject);
  mustBeGoogles(file, place, subject);
  mustBeRsa(file.private_key, subject);
  return {
    clientEmail: file.client_email,
    projectId: file.project_id,
    privateKeyId: file.private_key_id,
    privateKey: secret(file.private_key),
  };
}

/** A person's login as `gcloud auth application-default login` keeps it. Throws as above. https://google.aip.dev/auth/4113 */
export function parseUserFile(
  json: Secret,
  place: GcpPlace,
  subject = 'user_account_json',
): StoredUser {
  const file = fieldsIn(UserFile, ofType(json, 'authorized_user', subject), subject);
  mustBeGoogles(file, place, subject);
  return {
    clientId: file.client_id,
    clientSecret: secret(file.client_secret),
    refreshToken: secret(file.refresh_token),
    quotaProject: file.quota_project_id,
    account: file.account === '' ? undefined : file.account,
  };
}

/** A secret field, or `SECRET_MISSING`. */
export function storedField(fields: Readonly<Record<string, Secret>>, name: string): Secret {
  const found = fields[name];
  if (found !== undefined) return found;
  throw new ValetkeyError('SECRET_MISSING', { reason: `${name} is not in the store` });
}

function ofType(json: Secret, wanted: string, subject: string): Readonly<Record<string, unknown>> {
  const file = objectIn(json, subject);
  const { type } = file;
  if (type === wanted) return file;
  if ('installed' in file || 'web' in file) {
    throw invalid(subject, 'it is an OAuth client’s file, not a credential', HINT_CLIENT);
  }
  if (typeof type !== 'string' || !/^[a-z_]{1,64}$/.test(type)) {
    throw invalid(subject, `type: it is not ${wanted}`);
  }
  const method = Object.hasOwn(METHODS, type) ? METHODS[type] : undefined;
  const hint =
    method === undefined ? 'no auth method takes this type' : `use the auth method ${method}`;
  throw invalid(subject, `its type is ${type}, not ${wanted}`, hint);
}

const HINT_CLIENT = 'log in with it: gcloud auth application-default login --client-id-file=…';

/** Nothing is ever sent where a file says, but one that says so was made to mislead. */
function mustBeGoogles(
  file: { readonly token_uri?: string | undefined; readonly universe_domain?: string | undefined },
  place: GcpPlace,
  subject: string,
): void {
  const { token_uri: uri, universe_domain: universe } = file;
  if (universe !== undefined && universe !== place.universeDomain) {
    throw invalid(
      subject,
      'universe_domain: it is not the connector’s own',
      'give the connector the universe_domain of the key, when you trust it',
    );
  }
  if (uri === undefined || TOKEN_URIS.has(uri) || uri === place.tokenEndpoint) return;
  const url = URL.parse(uri);
  const google =
    url !== null &&
    url.protocol === 'https:' &&
    url.host.endsWith(`.${place.universeDomain}`) &&
    url.username === '';
  if (google) return;
  throw invalid(
    subject,
    'token_uri: it is not a host of Google’s',
    'where tokens are issued by a service of your own, give the connector its URL as token_endpoint',
  );
}

const COPY_HINT = 'copy the key file as it was downloaded, with its line breaks';

function mustBeRsa(pem: string, subject: string): void {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    // Not the parser's own error: it may quote what it was given.
    throw invalid(subject, 'private_key: it is no whole PEM key', COPY_HINT);
  }
  if (key.asymmetricKeyType !== 'rsa') throw invalid(subject, 'private_key: it is no RSA key');
  if (!fitsItself(key)) throw invalid(subject, 'private_key: it is damaged', COPY_HINT);
}

/** A letter changed within the key leaves it readable, but Google would only say that it is wrong. */
function fitsItself(key: KeyObject): boolean {
  const probe = Buffer.from('valetkey');
  try {
    return verify('sha256', probe, createPublicKey(key), sign('sha256', probe, key));
  } catch {
    return false;
  }
}
