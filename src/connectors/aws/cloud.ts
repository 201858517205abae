import type { AwsSession } from '../../core/credential.ts';
import type { Secret } from '../../core/secret.ts';

/** AWS keys as the SDK signs with them: long-lived without `sessionToken`, temporary with it. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken?: Secret | undefined;
}

/** Where STS is asked: a region decides the endpoint and the partition (`aws`, `aws-cn`, `aws-us-gov`). */
export interface StsPlace {
  /** Absent: the machine's region variables, else the partition's default region. */
  readonly region?: string | undefined;
  /** Overrides the regional endpoint; `AWS_ENDPOINT_URL_STS` and `AWS_ENDPOINT_URL` come after it. */
  readonly endpoint?: string | undefined;
}

export interface Tag {
  readonly key: string;
  readonly value: string;
}

export interface MfaCode {
  readonly serialNumber: string;
  readonly tokenCode: string;
}

/** A session policy as STS takes it: one inline document and up to ten managed ARNs. */
export interface SessionPolicy {
  /** Compact JSON text; at most 2,048 characters together with the ARNs. */
  readonly inline?: string | undefined;
  readonly managedArns?: readonly string[] | undefined;
}

/** One hop of a role chain. */
export interface RoleHop {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly externalId?: string | undefined;
  readonly sourceIdentity?: string | undefined;
  readonly tags?: readonly Tag[] | undefined;
  readonly transitiveTagKeys?: readonly string[] | undefined;
}

export interface CallerIdentity {
  /** 12 digits. */
  readonly accountId: string;
  readonly arn: string;
}

/**
 * STS as we use it. Errors are mapped once, in `sts.ts`: `UPSTREAM_*`, `CREDENTIAL_EXPIRED`,
 * `UPSTREAM_CLOCK_SKEW`, `LOGIN_REQUIRED` (MFA), with STS's code as `upstreamCode`.
 * Durations are seconds, API limits: https://docs.aws.amazon.com/STS/latest/APIReference/
 */
export interface Sts {
  getCallerIdentity(keys: AwsKeys, place: StsPlace, signal: AbortSignal): Promise<CallerIdentity>;
  assumeRole(
    keys: AwsKeys,
    input: RoleHop & {
      readonly seconds: number;
      readonly policy?: SessionPolicy | undefined;
      readonly mfa?: MfaCode | undefined;
    },
    place: StsPlace,
    signal: AbortSignal,
  ): Promise<AwsSession>;
  assumeRoleWithWebIdentity(
    input: RoleHop & {
      readonly seconds: number;
      readonly token: Secret;
      readonly policy?: SessionPolicy | undefined;
    },
    place: StsPlace,
    signal: AbortSignal,
  ): Promise<AwsSession>;
  /** Unscoped: the API takes no policy. */
  getSessionToken(
    keys: AwsKeys,
    input: { readonly seconds: number; readonly mfa?: MfaCode | undefined },
    place: StsPlace,
    signal: AbortSignal,
  ): Promise<AwsSession>;
  getFederationToken(
    keys: AwsKeys,
    input: {
      readonly name: string;
      readonly seconds: number;
      readonly policy: SessionPolicy;
      readonly tags?: readonly Tag[] | undefined;
    },
    place: StsPlace,
    signal: AbortSignal,
  ): Promise<AwsSession>;
}

/** S3 as discovery and verification use it. Buckets by bare name. */
export interface S3 {
  /** Every bucket the keys may list, page by page. */
  listBuckets(
    keys: AwsKeys,
    place: StsPlace,
    signal: AbortSignal,
  ): AsyncIterable<readonly string[]>;
  /** Throws `UPSTREAM_DENIED` or `UPSTREAM_INVALID` (no such bucket). */
  headBucket(keys: AwsKeys, bucket: string, place: StsPlace, signal: AbortSignal): Promise<void>;
  /** One key at most: proves that listing below `prefix` is allowed. */
  probeList(
    keys: AwsKeys,
    bucket: string,
    prefix: string | undefined,
    place: StsPlace,
    signal: AbortSignal,
  ): Promise<void>;
}

export interface SsoToken {
  readonly accessToken: Secret;
  readonly refreshToken?: Secret | undefined;
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** ms since the epoch. */
  readonly clientSecretExpiresAt: number;
  readonly expiresAt: number;
}

/** IAM Identity Center: the device authorization grant and the portal. https://docs.aws.amazon.com/singlesignon/ */
export interface Sso {
  startDevice(
    input: {
      readonly startUrl: string;
      readonly region: string;
      readonly scopes?: readonly string[] | undefined;
    },
    signal: AbortSignal,
  ): Promise<{
    readonly url: string;
    readonly userCode: string;
    readonly expiresAt: number;
    /** Polls until the person confirms, denies or `expiresAt`. */
    poll(signal: AbortSignal): Promise<SsoToken>;
  }>;
  refresh(token: SsoToken, region: string, signal: AbortSignal): Promise<SsoToken>;
  /** Without the principal, which the portal does not tell: `getCallerIdentity` does. */
  roleCredentials(
    input: {
      readonly region: string;
      readonly accountId: string;
      readonly roleName: string;
      readonly accessToken: Secret;
    },
    signal: AbortSignal,
  ): Promise<Omit<AwsSession, 'principalArn'>>;
}

/** Everything the aws connector type asks of AWS; each part loads its SDK on first use. */
export interface AwsCloud {
  readonly sts: Sts;
  readonly s3: S3;
  readonly sso: Sso;
}

/**
 * What a credential may do, before it is a session policy: groups of allowed actions on resources.
 * As groups, so that it can be written as Allow statements or, to intersect with a person's own
 * policy, as the Deny of everything else.
 */
export interface AwsScope {
  readonly groups: readonly ScopeGroup[];
}

export interface ScopeGroup {
  /** `s3:GetObject`, `s3:List*`. */
  readonly actions: readonly string[];
  /** ARNs or `*`. */
  readonly resources: readonly string[];
  /** Condition of the Allow form (`{ StringLike: { 's3:prefix': […] } }`). */
  readonly condition?:
    | Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
    | undefined;
}
