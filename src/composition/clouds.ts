import type { Cloud } from '../control/api.ts';
import type { CredentialKind } from '../core/credential.ts';
import type { TokenAccount } from '../core/token-account.ts';

interface Profile {
  readonly kind: CredentialKind;
  readonly account?: TokenAccount | undefined;
}

export const GOOGLE_ENDPOINT = 'gce-metadata';
export const IMDS_ENDPOINT = 'azure-imds';
export const APP_SERVICE_ENDPOINT = 'azure-app-service';

/** Whose services a profile's credentials are for: of tokens, the account's cloud tells. */
function cloudOf({ kind, account }: Profile): Cloud {
  if (kind === 'aws-session') return 'aws';
  return account?.cloud ?? 'google';
}

/** Without repetition, the default profile's first. */
export function cloudsOf(profiles: readonly Profile[]): readonly Cloud[] {
  return [...new Set(profiles.map(cloudOf))];
}

export function ofCloud<P extends Profile>(profiles: readonly P[], cloud: Cloud): readonly P[] {
  return profiles.filter((profile) => cloudOf(profile) === cloud);
}
