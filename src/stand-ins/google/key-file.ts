import type { KeyObject } from 'node:crypto';
import type { JsonObject } from './json.ts';

export interface KeyFileOptions {
  /** Default: Google's, as in every real file. */
  readonly tokenUri?: string;
}

/** A key file as `gcloud iam service-accounts keys create` writes it. */
export function keyFileOf(
  account: { readonly email: string; readonly uniqueId: string; readonly project: string },
  keyId: string,
  privateKey: KeyObject,
  options: KeyFileOptions = {},
): JsonObject & { readonly private_key_id: string } {
  return {
    type: 'service_account',
    project_id: account.project,
    private_key_id: keyId,
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    client_email: account.email,
    client_id: account.uniqueId,
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: options.tokenUri ?? 'https://oauth2.googleapis.com/token',
    auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
    client_x509_cert_url: `https://www.googleapis.com/robot/v1/metadata/x509/${encodeURIComponent(account.email)}`,
    universe_domain: 'googleapis.com',
  };
}
