import type { Secret } from '../../core/secret.ts';

/**
 * Where Google is asked. An absent endpoint is Google's own host in `universeDomain`; the machine's
 * variables (`CLOUDSDK_AUTH_TOKEN_HOST`, `CLOUDSDK_API_ENDPOINT_OVERRIDES_STS`, `…_IAMCREDENTIALS`,
 * `…_STORAGE`, gcloud's own names) come after the connector's word.
 */
export interface GcpPlace {
  /** `googleapis.com`, or the domain of another cloud of Google's. */
  readonly universeDomain: string;
  /** The OAuth token URL, whole: `https://oauth2.googleapis.com/token`. */
  readonly tokenEndpoint?: string | undefined;
  /** Bases without a path: `https://sts.googleapis.com`. */
  readonly stsEndpoint?: string | undefined;
  readonly iamCredentialsEndpoint?: string | undefined;
  /** Base of the JSON API: `https://storage.googleapis.com/storage/v1/`. */
  readonly storageEndpoint?: string | undefined;
}

/** What Google handed out. `expiresAt` (ms since the epoch) is by the machine's clock when it was asked for. */
export interface BearerToken {
  readonly token: Secret;
  readonly expiresAt: number;
  /** As Google reports them, else as they were asked for. */
  readonly scopes: readonly string[];
  /** Was it signed here instead of issued by Google? Such a token cannot be exchanged. */
  readonly selfSigned?: boolean | undefined;
  /** A person's e-mail by the identity token that came with it; Google sends none for every consent. */
  readonly email?: string | undefined;
}

export interface SignedIdToken {
  readonly token: Secret;
  readonly expiresAt: number;
}

/** The part of a service-account key file that is needed; checked. https://google.aip.dev/auth/4112 */
export interface ServiceAccountKey {
  readonly clientEmail: string;
  readonly projectId?: string | undefined;
  readonly privateKeyId?: string | undefined;
  /** PEM. */
  readonly privateKey: Secret;
}

/** A person's refresh token with the client it was given to. https://google.aip.dev/auth/4113 */
export interface AuthorizedUser {
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly refreshToken: Secret;
}

/** What the STS token exchange needs. https://google.aip.dev/auth/4117 */
export interface Federation {
  /** `//iam.googleapis.com/projects/N/locations/global/workloadIdentityPools/P/providers/X` */
  readonly audience: string;
  readonly subjectTokenType: string;
  readonly subjectToken: Secret;
  /** Workforce pools: the project that the exchange is counted against. */
  readonly userProject?: string | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecret?: Secret | undefined;
}

/** Impersonation of a service account through the IAM Credentials API. */
export interface Impersonation {
  /** E-mail of the account to become. */
  readonly target: string;
  /** E-mails of the accounts in between, in order. */
  readonly delegates: readonly string[];
}

/** One rule of a Credential Access Boundary. https://cloud.google.com/iam/docs/downscoping-short-lived-credentials */
export interface AccessBoundaryRule {
  /** `//storage.googleapis.com/projects/_/buckets/NAME` */
  readonly availableResource: string;
  /** `inRole:roles/storage.objectViewer` */
  readonly availablePermissions: readonly string[];
  readonly availabilityCondition?:
    | { readonly title: string; readonly expression: string }
    | undefined;
}

/**
 * Every exchange with Google's token services. Nothing is retried here: the broker does that. Errors
 * are mapped once, with Google's code as `upstreamCode` and its text only in `cause`: `UPSTREAM_*`,
 * `UPSTREAM_CLOCK_SKEW`, `LOGIN_REQUIRED` (`invalid_rapt`), `SECRET_MISSING`. All scopes are whole URLs
 * or OpenID's short words. Every call ends with `signal`.
 */
export interface GoogleAuth {
  /** JWT bearer grant. With `subject`, domain-wide delegation. https://google.aip.dev/auth/4112 */
  keyToken(
    key: ServiceAccountKey,
    ask: { readonly scopes: readonly string[]; readonly subject?: string | undefined },
    place: GcpPlace,
    signal: AbortSignal,
  ): Promise<BearerToken>;
  keyIdToken(
    key: ServiceAccountKey,
    audience: string,
    place: GcpPlace,
    signal: AbortSignal,
  ): Promise<SignedIdToken>;
  /** A JWT with a `scope` claim, signed here and accepted by most APIs as it is; asks nobody. */
  selfSignedToken(key: ServiceAccountKey, scopes: readonly string[]): Promise<BearerToken>;
  /** Without `scopes`: all that the person consented to. */
  userToken(
    user: AuthorizedUser,
    scopes: readonly string[] | undefined,
    place: GcpPlace,
    signal: AbortSignal,
  ): Promise<BearerToken>;
  /** The federated token itself; a service account behind it is impersonated by its own call. */
  federatedToken(
    federation: Federation,
    scopes: readonly string[],
    place: GcpPlace,
    signal: AbortSignal,
  ): Promise<BearerToken>;
  impersonate(
    source: Secret,
    ask: Impersonation & {
      readonly scopes: readonly string[];
      readonly seconds: number;
      /** Domain-wide delegation without a key: signJwt, then the JWT bearer grant as this user. */
      readonly subject?: string | undefined;
    },
    place: GcpPlace,
    signal: AbortSignal,
  ): Promise<BearerToken>;
  impersonatedIdToken(
    source: Secret,
    ask: Impersonation & { readonly audience: string },
    place: GcpPlace,
    signal: AbortSignal,
  ): Promise<SignedIdToken>;
  /** Does Google know this token? Throws `UPSTREAM_BAD_CREDENTIAL` when it does not. */
  proveToken(token: Secret, place: GcpPlace, signal: AbortSignal): Promise<void>;
  /** Narrows a token that Google issued; its expiry is that of the answer, else that of the source. */
  downscope(
    source: BearerToken,
    rules: readonly AccessBoundaryRule[],
    place: GcpPlace,
    signal: AbortSignal,
  ): Promise<BearerToken>;
}

/** Cloud Storage as discovery and verification use it. Buckets by bare name. */
export interface GcsStorage {
  /** Every bucket of the project, page by page. */
  listBuckets(
    token: Secret,
    project: string,
    place: GcpPlace,
    signal: AbortSignal,
  ): AsyncIterable<readonly string[]>;
  /** One object at most: proves that listing below `prefix` is allowed. Throws `UPSTREAM_DENIED`, `UPSTREAM_INVALID` (no such bucket). */
  probeList(
    token: Secret,
    bucket: string,
    prefix: string | undefined,
    place: GcpPlace,
    signal: AbortSignal,
  ): Promise<void>;
}

/** Everything the gcp connector type asks of Google; each part loads its SDK on first use. */
export interface GcpCloud {
  readonly auth: GoogleAuth;
  readonly storage: GcsStorage;
}

/** What a credential may do: OAuth scopes, or single buckets, never a mixture. At least one is set. */
export interface GcpScope {
  readonly scopes?: readonly string[] | undefined;
  /** 1 to 10 rules. */
  readonly boundary?: readonly AccessBoundaryRule[] | undefined;
}

/** An identity that tokens can be obtained for: a key, a person, a federation, the daemon's own. */
export interface Base {
  /** E-mail of the account; `''` when unknown. */
  readonly principal: string;
  /** Without `scopes`: the usual ones of the connector. */
  token(scopes: readonly string[] | undefined, signal: AbortSignal): Promise<BearerToken>;
  /** Absent: this identity cannot prove itself to others. */
  idToken?(audience: string, signal: AbortSignal): Promise<SignedIdToken>;
}
