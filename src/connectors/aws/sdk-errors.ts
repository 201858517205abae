import { ValetkeyError, type ErrorCode } from '../../core/errors.ts';

type Row = readonly [code: ErrorCode, hint?: string];

const NEW_KEY: Row = [
  'UPSTREAM_BAD_CREDENTIAL',
  'the stored key may have been deleted, disabled or mistyped: valetkey connector update',
];
const DENIED: Row = [
  'UPSTREAM_DENIED',
  'check the identity’s permissions and, for a role, what its trust policy asks for (external id, MFA, tags)',
];
const EXPIRED: Row = [
  'CREDENTIAL_EXPIRED',
  'log in again or store fresh keys: valetkey connector login, valetkey connector update',
];
const SKEWED: Row = ['UPSTREAM_CLOCK_SKEW', 'set this machine’s clock'];
const THROTTLED: Row = ['UPSTREAM_THROTTLED'];
const DOWN: Row = ['UPSTREAM_UNAVAILABLE'];
const TOO_LARGE: Row = [
  'UPSTREAM_INVALID',
  'session policy and tags together are too large: ask for fewer resources in one credential',
];

/**
 * Error codes of STS and S3 → ours. Not every code AWS sends is listed by one page:
 * https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html and the errors of each action,
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
const CODES: Readonly<Record<string, Row>> = {
  AccessDenied: DENIED,
  AccessDeniedException: DENIED,
  ValidationError: ['UPSTREAM_INVALID'],
  ValidationException: ['UPSTREAM_INVALID'],
  MalformedPolicyDocument: ['UPSTREAM_INVALID', 'check the connector’s policy and policy_arns'],
  PackedPolicyTooLarge: TOO_LARGE,
  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,
  InvalidIdentityToken: [
    'UPSTREAM_BAD_CREDENTIAL',
    'check the token’s issuer, audience and signature',
  ],
  IDPRejectedClaim: ['UPSTREAM_DENIED', 'the identity provider does not accept the token'],
  IDPCommunicationError: DOWN,
  InvalidClientTokenId: NEW_KEY,
  InvalidAccessKeyId: NEW_KEY,
  UnrecognizedClientException: NEW_KEY,
  InvalidToken: NEW_KEY,
  AuthFailure: NEW_KEY,
  SignatureDoesNotMatch: NEW_KEY,
  InvalidSignatureException: NEW_KEY,
  IncompleteSignature: NEW_KEY,
  MissingAuthenticationToken: NEW_KEY,
  RequestExpired: SKEWED,
  RequestTimeTooSkewed: SKEWED,
  RequestInTheFuture: SKEWED,
  RegionDisabledException: [
    'UPSTREAM_INVALID',
    'STS is switched off in this region: choose another with sts_region',
  ],
  NoSuchBucket: ['UPSTREAM_INVALID', 'there is no such bucket'],
  NotFound: ['UPSTREAM_INVALID', 'there is no such bucket'],
  Throttling: THROTTLED,
  ThrottlingException: THROTTLED,
  RequestThrottled: THROTTLED,
  RequestLimitExceeded: THROTTLED,
  TooManyRequestsException: THROTTLED,
  SlowDown: THROTTLED,
  InternalFailure: DOWN,
  InternalError: DOWN,
  ServiceUnavailable: DOWN,
  RequestTimeout: DOWN,
};

/** For an answer without a known code: a `HEAD` has no body, a proxy its own words. */
const STATUSES: Readonly<Record<number, Row>> = {
  400: ['UPSTREAM_INVALID'],
  401: DENIED,
  403: DENIED,
  404: ['UPSTREAM_INVALID', 'there is no such thing at this address'],
  407: ['UPSTREAM_UNAVAILABLE', 'the proxy asks for a login'],
  408: DOWN,
  429: THROTTLED,
};

const CERTIFICATE = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** A signature older or newer than this is refused. IAM User Guide, "Elements of an API request". */
const SKEW_MS = 5 * 60_000;

/** What the SDK throws, as far as we look at it. */
interface SdkError extends Error {
  readonly code?: string;
  readonly Code?: string;
  readonly syscall?: string;
  readonly $fault?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: {
    readonly statusCode?: number;
    readonly headers?: Readonly<Record<string, string | undefined>>;
  };
}

/** Anything the SDK threw as ours. `now`: ms since the epoch. An aborted call keeps its own reason. */
export function mapSdkError(error: unknown, now: number, signal?: AbortSignal): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (error instanceof ValetkeyError || !(error instanceof Error)) return error;
  if (error.cause instanceof ValetkeyError) return error.cause;
  const sdk: SdkError = error;
  const [code, hint] = rowOf(sdk, now);
  const upstreamCode = upstreamCodeOf(sdk);
  return new ValetkeyError(code, {
    ...(hint === undefined ? {} : { hint }),
    ...(upstreamCode === undefined ? {} : { upstreamCode }),
    cause: error,
  });
}

function rowOf(error: SdkError, now: number): Row {
  const name = upstreamCodeOf(error);
  const known = name !== undefined && Object.hasOwn(CODES, name) ? CODES[name] : undefined;
  if (known === NEW_KEY && isSkewed(error, now)) return SKEWED;
  if (known !== undefined) return known;
  const status = error.$metadata?.httpStatusCode ?? error.$response?.statusCode;
  if (status !== undefined) return rowOfStatus(error, status);
  if (error.name === 'TimeoutError') return DOWN;
  if (error.code?.startsWith('HPE_') === true) return ['UPSTREAM_MALFORMED'];
  if (CERTIFICATE.test(error.code ?? '')) {
    return ['UPSTREAM_UNAVAILABLE', 'its certificate is not trusted here: set AWS_CA_BUNDLE'];
  }
  return error.code === undefined ? ['INTERNAL'] : DOWN;
}

function rowOfStatus(error: SdkError, status: number): Row {
  if (status >= 500) return DOWN;
  // Only an error that AWS reported has a fault; the others are about an answer nobody can read.
  if (error.$fault === undefined || status < 400) return ['UPSTREAM_MALFORMED'];
  return STATUSES[status] ?? ['UPSTREAM_INVALID'];
}

/** AWS's word as it was sent; the SDK's name for it may have `Exception` added. */
function upstreamCodeOf(error: SdkError): string | undefined {
  if (error.$fault === undefined) return error.code;
  if (error.Code !== undefined) return error.Code;
  // `Unknown` is the SDK's, for an answer that is not of the service's shape.
  return error.name === 'Unknown' || error.name === 'Error' ? undefined : error.name;
}

/** A wrong signature may be a wrong clock: the answer’s own date tells. */
function isSkewed(error: SdkError, now: number): boolean {
  const date = Date.parse(error.$response?.headers?.['date'] ?? '');
  return !Number.isNaN(date) && Math.abs(date - now) >= SKEW_MS;
}
