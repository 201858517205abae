import type { CredentialKind, IssueRequest } from '../core/credential.ts';
import { ValetkeyError } from '../core/errors.ts';
import type { TokenAccount } from '../core/token-account.ts';
import type { AzureInstance, GceInstance } from '../endpoints/contract.ts';

/** How a workload's processes prove who they are, besides the bearer secret. */
export type ClientRule =
  | { readonly kind: 'token' }
  /** Requests at `listener`, from `uid`, or from anybody who can reach it (`undefined`). */
  | { readonly kind: 'listener'; readonly listener: string; readonly uid: number | undefined }
  /** Whoever can read the file that is written, for `uid` alone, at a client's first request to `listener`. */
  | { readonly kind: 'challenge'; readonly listener: string; readonly uid: number }
  /** `system:serviceaccount:<namespace>:<name>` */
  | { readonly kind: 'service-account'; readonly subject: string };

export interface WorkloadProfile {
  readonly name: string;
  readonly kind: CredentialKind;
  readonly request: IssueRequest;
  readonly region: string | undefined;
  /** For profiles that issue tokens. */
  readonly account?: TokenAccount | undefined;
}

/** A named consumer: what it may have and how it proves who it is. */
export interface Workload {
  readonly name: string;
  readonly region: string | undefined;
  readonly roleName: string;
  readonly imdsV1: boolean;
  readonly gce: GceInstance;
  readonly azure: AzureInstance;
  readonly clients: readonly ClientRule[];
  /** The default one first; or why its grants cannot be used. */
  readonly profiles: readonly WorkloadProfile[] | ValetkeyError;
}

/**
 * The profile a request is answered with; `undefined` when the workload has none of that name and
 * kind. An identity token comes from the profile that issues the account's access tokens.
 */
export function chooseProfile(
  workload: Workload,
  kind: CredentialKind,
  name: string | undefined,
): WorkloadProfile | undefined {
  const { profiles } = workload;
  if (profiles instanceof ValetkeyError) throw profiles;
  const issuing = kind === 'id-token' ? 'access-token' : kind;
  return profiles.find(
    (profile) => profile.kind === issuing && (name === undefined || profile.name === name),
  );
}
