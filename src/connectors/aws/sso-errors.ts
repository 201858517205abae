import { ValetkeyError, type ErrorCode } from '../../core/errors.ts';
import { mapSdkError } from './sdk-errors.ts';

/*
 * What IAM Identity Center says, in our words.
 * https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html
 * https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
 */

export const PENDING = 'AuthorizationPendingException';
export const SLOW_DOWN = 'SlowDownException';
export const CODE_EXPIRED = 'ExpiredTokenException';

type Row = readonly [code: ErrorCode, hint?: string];

/** The sign-in or the registration behind it has ended; only a person can begin another one. */
const ENDED: Row = ['LOGIN_REQUIRED'];

const CODES: Readonly<Record<string, Row>> = {
  AccessDeniedException: ['UPSTREAM_DENIED', 'the sign-in was not approved: start it again'],
  ForbiddenException: [
    'UPSTREAM_DENIED',
    'check sso_account_id and sso_role_name: they are not assigned to the person who signed in',
  ],
  ExpiredTokenException: ENDED,
  InvalidClientException: ENDED,
  InvalidGrantException: ENDED,
  UnauthorizedClientException: ENDED,
  UnauthorizedException: ENDED,
  InvalidClientMetadataException: ['UPSTREAM_INVALID'],
  InvalidRequestException: ['UPSTREAM_INVALID', 'check sso_start_url and sso_region'],
  InvalidRequestRegionException: ['UPSTREAM_INVALID', 'check sso_region'],
  InvalidScopeException: ['UPSTREAM_INVALID'],
  UnsupportedGrantTypeException: ['UPSTREAM_INVALID'],
  ResourceNotFoundException: ['UPSTREAM_INVALID', 'check sso_account_id and sso_role_name'],
  InternalServerException: ['UPSTREAM_UNAVAILABLE'],
  SlowDownException: ['UPSTREAM_THROTTLED'],
};

/** Anything its SDKs threw as ours. `now`: ms since the epoch. An aborted call keeps its own reason. */
export function mapSsoError(error: unknown, now: number, signal: AbortSignal): unknown {
  const name = error instanceof Error ? error.name : '';
  const row = CODES[name];
  if (signal.aborted || row === undefined) return mapSdkError(error, now, signal);
  const [code, hint] = row;
  return new ValetkeyError(code, {
    upstreamCode: name,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}
