import type { ConnectorName } from './ids.ts';

/** Short-lived AWS credentials: what STS calls a session. Times are ms since the epoch. */
export interface AwsSession {
  readonly kind: 'aws-session';
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** 12 digits. */
  readonly accountId: string;
  /** The caller's own ARN as STS reports it (assumed-role, federated-user, user). */
  readonly principalArn: string;
  /** ARN of the role behind the session, where there is one. */
  readonly roleArn?: string | undefined;
  readonly region?: string | undefined;
}

/** What is issued: plain, serialisable data with a true expiry. One kind per shape of credential. */
export type Credential = AwsSession;
export type CredentialKind = Credential['kind'];

/** What a person or an audit record may see of a credential: never the secret part. */
export function credentialId(credential: Credential): string {
  switch (credential.kind) {
    case 'aws-session':
      return credential.accessKeyId;
  }
}

export const ACCESS = ['read', 'write', 'full'] as const;
/** What the holder may do with the resource. `full` includes both and whatever the type counts as owning. */
export type Access = (typeof ACCESS)[number];

/** One resource and what may be done with it. `id` is canonical; absent = every instance of the type. */
export interface ResourceRequest {
  readonly type: string;
  readonly id?: string | undefined;
  readonly access: Access;
}

/**
 * What is wanted from the broker: plain data, and together everything that changes the credential.
 * One credential serves all `resources` (at least one). `seconds` is the lifetime asked for; absent
 * = the connector's own.
 */
export interface IssueRequest {
  readonly connector: ConnectorName;
  readonly resources: readonly [ResourceRequest, ...ResourceRequest[]];
  readonly seconds?: number | undefined;
}

/** A credential and what it was issued for, as `describe`, the audit trail and the endpoints need it. */
export interface Issued {
  readonly request: IssueRequest;
  readonly credential: Credential;
  readonly connectorType: string;
  readonly authMethod: string;
  /** False when the method could not narrow and the connector opted in to that. */
  readonly narrowed: boolean;
  /** The policy or boundary that narrows it, as sent to the cloud; `null` when there is none. */
  readonly scope: unknown;
}
