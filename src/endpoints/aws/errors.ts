import { ERRORS, type ErrorCode, type ValetkeyError } from '../../core/errors.ts';

/**
 * What a failure is called at the AWS endpoints.
 *
 * The container endpoint answers 4xx for what only a person can change (Go, Rust and Java do not
 * retry those) and 503 for what passes. The instance metadata service answers 200 with a `Code` that
 * is not `Success` for the former, as the real one does when a role cannot be assumed, and 500 for
 * the latter: the one status on which PHP and Kotlin too keep the credentials they have.
 */
export interface AwsFailure {
  /** Status of the container endpoints. */
  readonly status: number;
  /** The word in `code` (containers) and `Code` (instance metadata). */
  readonly code: string;
  /** Only a person can change it: instance metadata says so with status 200. */
  readonly permanent: boolean;
}

const permanent = (status: number, code: string): AwsFailure => ({ status, code, permanent: true });
const passing = (status: number, code: string): AwsFailure => ({ status, code, permanent: false });

const INTERNAL = passing(500, 'InternalServerError');
const UNAVAILABLE = passing(503, 'CredentialsUnavailable');
const MISCONFIGURED = permanent(400, 'InvalidConfiguration');

const FAILURES: Partial<Record<ErrorCode, AwsFailure>> = {
  NOT_FOUND: permanent(400, 'InvalidIdInRequest'),
  CONNECTOR_NOT_FOUND: MISCONFIGURED,
  WORKLOAD_NOT_FOUND: MISCONFIGURED,
  CATALOG_CORRUPT: MISCONFIGURED,
  CONFIG_INVALID: MISCONFIGURED,
  INPUT_INVALID: MISCONFIGURED,
  SCOPE_UNSUPPORTED: MISCONFIGURED,
  LIFETIME_TOO_SHORT: MISCONFIGURED,
  SECRET_MISSING: MISCONFIGURED,
  STORE_CORRUPT: MISCONFIGURED,
  UPSTREAM_INVALID: MISCONFIGURED,
  STORE_LOCKED: passing(503, 'StoreLocked'),
  STORE_UNREACHABLE: UNAVAILABLE,
  OUT_OF_SCOPE: permanent(403, 'AccessDenied'),
  IMPLICIT_FORBIDDEN: permanent(403, 'AccessDenied'),
  FORBIDDEN: permanent(403, 'AccessDenied'),
  UPSTREAM_DENIED: permanent(403, 'AccessDenied'),
  UPSTREAM_BAD_CREDENTIAL: permanent(403, 'InvalidClientTokenId'),
  LOGIN_REQUIRED: permanent(403, 'LoginRequired'),
  CREDENTIAL_EXPIRED: permanent(403, 'ExpiredToken'),
  UPSTREAM_CLOCK_SKEW: passing(503, 'ClockSkew'),
  UPSTREAM_THROTTLED: passing(429, 'Throttling'),
  UPSTREAM_UNAVAILABLE: UNAVAILABLE,
  UPSTREAM_MALFORMED: UNAVAILABLE,
  NOT_READY: passing(503, 'CredentialsUninitialized'),
};

/** STS codes that say more than ours, shown as they are. STS API reference, "Errors". */
const SHOWN_AS_THEY_ARE = new Set([
  'MalformedPolicyDocument',
  'PackedPolicyTooLarge',
  'RegionDisabledException',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidIdentityToken',
  'IDPRejectedClaim',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'SignatureDoesNotMatch',
]);

export function awsFailure(error: ValetkeyError): AwsFailure {
  const failure = FAILURES[error.code] ?? INTERNAL;
  const { upstreamCode } = error;
  return failure.permanent && upstreamCode !== undefined && SHOWN_AS_THEY_ARE.has(upstreamCode)
    ? { ...failure, code: upstreamCode }
    : failure;
}

/** What a person reads in the client's own error: table text, public details and what to do. */
export function awsMessage(error: ValetkeyError): string {
  // What broke inside is nobody's business outside: the table's words alone.
  if (awsFailure(error) === INTERNAL) return ERRORS[error.code].message;
  return error.hint === undefined ? error.message : `${error.message}; ${error.hint}`;
}

/** Seconds; clients that heed it wait no longer, the broker backs off by itself. */
export const RETRY_AFTER = { 'Retry-After': '2' };
