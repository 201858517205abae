import { ValetkeyError } from './errors.ts';
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

/** An OAuth 2.0 bearer token (RFC 6750). Times are ms since the epoch. */
export interface AccessToken {
  readonly kind: 'access-token';
  /** Names the token without telling it: see `tokenId`. */
  readonly id: string;
  readonly token: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The account it speaks for, an e-mail address where the cloud has one; `''` when unknown. */
  readonly principal: string;
  /** Google: the project id. `''` when unknown. */
  readonly account: string;
  /** What it may be used for, as the cloud reports it or as it was asked for. */
  readonly scopes: readonly string[];
}

/** A signed statement of who the bearer is, for one audience (OpenID Connect). Times as above. */
export interface IdToken {
  readonly kind: 'id-token';
  readonly id: string;
  /** The JWT. */
  readonly token: string;
  readonly audience: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly principal: string;
  readonly account: string;
}

/** What is issued: plain, serialisable data with a true expiry. One kind per shape of credential. */
export type Credential = AwsSession | AccessToken | IdToken;
export type CredentialKind = Credential['kind'];
/** The credential of one kind. */
export type CredentialOf<K extends CredentialKind> = Extract<Credential, { readonly kind: K }>;

/** A credential as the kind that was asked for. Throws `INTERNAL` when it is another. */
export function ofKind<K extends CredentialKind>(credential: Credential, kind: K): CredentialOf<K> {
  if (isKind(credential, kind)) return credential;
  throw new ValetkeyError('INTERNAL', { reason: `a credential is not of kind ${kind}` });
}

function isKind<K extends CredentialKind>(
  credential: Credential,
  kind: K,
): credential is CredentialOf<K> {
  return credential.kind === kind;
}

/** What a person or an audit record may see of a credential: never the secret part. */
export function credentialId(credential: Credential): string {
  return credential.kind === 'aws-session' ? credential.accessKeyId : credential.id;
}

/** Whom a credential speaks for, and in which account or project, for people to read. */
export function holderOf(credential: Credential): {
  readonly principal: string;
  readonly account: string;
} {
  return credential.kind === 'aws-session'
    ? { principal: credential.principalArn, account: credential.accountId }
    : { principal: credential.principal, account: credential.account };
}

/** What a bearer token is good for, scopes or an audience; nothing for credentials that policies bound. */
export function purposeOf(credential: Credential): {
  readonly scopes?: readonly string[];
  readonly audience?: string;
} {
  switch (credential.kind) {
    case 'aws-session':
      return {};
    case 'access-token':
      return audienceOr(credential.scopes);
    case 'id-token':
      return { audience: credential.audience };
  }
}

/** All permissions at one service are written as a scope, and mean its audience (Entra). */
function audienceOr(scopes: readonly string[]): ReturnType<typeof purposeOf> {
  const [scope = '', ...others] = scopes;
  const audience = /^(.+)\/\.default$/.exec(scope)?.[1];
  return audience === undefined || others.length > 0 ? { scopes } : { audience };
}

export const ACCESS = ['read', 'write', 'full'] as const;
/** What the holder may do with the resource. `full` includes both and whatever the type counts as owning. */
export type Access = (typeof ACCESS)[number];

/** One resource and what may be done with it. `id` is canonical; absent = every instance of the type. */
export interface ResourceRequest {
  readonly type: string;
  readonly id?: string | undefined;
  readonly access: Access;
  /** OAuth scopes that the grant is limited to; absent: the connector's own. Sorted, no duplicates. */
  readonly scopes?: readonly string[] | undefined;
}

/** Which token a client chose within its grant; `scopes` sorted, no duplicates, at least one. */
export type TokenChoice =
  | { readonly kind: 'access-token'; readonly scopes: readonly string[] }
  | { readonly kind: 'id-token'; readonly audience: string };

/**
 * What is wanted from the broker: plain data, and together everything that changes the credential.
 * One credential serves all `resources` (at least one). `seconds` is the lifetime asked for; absent
 * = the connector's own.
 */
export interface IssueRequest {
  readonly connector: ConnectorName;
  readonly resources: readonly [ResourceRequest, ...ResourceRequest[]];
  readonly seconds?: number | undefined;
  /** What a client chose among the tokens that the grant allows; absent: the connector's usual one. */
  readonly token?: TokenChoice | undefined;
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
