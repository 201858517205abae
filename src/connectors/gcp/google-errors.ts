import { z } from 'zod';

import { ValetkeyError, type ErrorCode } from '../../core/errors.ts';
import { withoutSecrets } from '../outbound/vendor-text.ts';

type Row = readonly [code: ErrorCode, hint?: string];

/** What Google answered instead of what it was asked for. */
export interface Refused {
  readonly status: number;
  readonly body: string;
  /** Hints that fit the call better than the general ones, by Google's code. */
  readonly hints?: Readonly<Record<string, string>> | undefined;
  /** Texts that were sent and must not come back in a log. */
  readonly sent: readonly string[];
}

const STALE: Row = [
  'UPSTREAM_BAD_CREDENTIAL',
  'the stored credential was revoked, replaced or has expired: valetkey connector update',
];
const CLIENT: Row = [
  'UPSTREAM_BAD_CREDENTIAL',
  'the OAuth client was deleted or its secret is another one: valetkey connector update',
];
const LOGIN: Row = [
  'LOGIN_REQUIRED',
  'the organisation asks the person to log in again: gcloud auth application-default login, then valetkey connector update',
];
const DENIED: Row = [
  'UPSTREAM_DENIED',
  'check the identity’s roles: for a service account that is impersonated, Service Account Token Creator on it',
];
const DISABLED: Row = [
  'UPSTREAM_DENIED',
  'enable the API in the project: gcloud services enable iamcredentials.googleapis.com sts.googleapis.com',
];
const UNKNOWN_ACCOUNT: Row = [
  'UPSTREAM_DENIED',
  'there is no such service account, or it may not be seen: check its e-mail address',
];
const SCOPES: Row = ['UPSTREAM_INVALID', 'check the connector’s scopes'];
const INVALID: Row = ['UPSTREAM_INVALID'];
const THROTTLED: Row = ['UPSTREAM_THROTTLED'];
const DOWN: Row = ['UPSTREAM_UNAVAILABLE'];
const SKEWED: Row = ['UPSTREAM_CLOCK_SKEW', 'set this machine’s clock'];

/**
 * Google's codes → ours. OAuth: RFC 6749 section 5.2, RFC 8693 section 2.2.2 and
 * https://developers.google.com/identity/protocols/oauth2/web-server#authorization-errors; APIs:
 * https://cloud.google.com/apis/design/errors; the reasons of Cloud Storage in camel case:
 * https://cloud.google.com/storage/docs/json_api/v1/status-codes
 */
const CODES: Readonly<Record<string, Row>> = {
  invalid_grant: STALE,
  invalid_token: STALE,
  invalid_rapt: LOGIN,
  rapt_required: LOGIN,
  invalid_client: CLIENT,
  deleted_client: CLIENT,
  disabled_client: CLIENT,
  unauthorized_client: [
    'UPSTREAM_DENIED',
    'delegate the scopes to the service account’s client id in the Google Workspace admin console',
  ],
  access_denied: DENIED,
  admin_policy_enforced: ['UPSTREAM_DENIED', 'an administrator’s policy does not allow it'],
  org_internal: ['UPSTREAM_DENIED', 'the OAuth client is for members of its organisation alone'],
  invalid_scope: SCOPES,
  invalid_target: ['UPSTREAM_INVALID', 'check the audience: the identity provider it names'],
  invalid_request: INVALID,
  unsupported_grant_type: INVALID,
  server_error: DOWN,
  internal_failure: DOWN,
  temporarily_unavailable: DOWN,
  rate_limit_exceeded: THROTTLED,
  UNAUTHENTICATED: STALE,
  PERMISSION_DENIED: DENIED,
  SERVICE_DISABLED: DISABLED,
  NOT_FOUND: UNKNOWN_ACCOUNT,
  FAILED_PRECONDITION: ['UPSTREAM_DENIED', 'check that the service account is enabled'],
  INVALID_ARGUMENT: INVALID,
  OUT_OF_RANGE: INVALID,
  RESOURCE_EXHAUSTED: THROTTLED,
  RATE_LIMIT_EXCEEDED: THROTTLED,
  rateLimitExceeded: THROTTLED,
  userRateLimitExceeded: THROTTLED,
  notFound: ['UPSTREAM_INVALID', 'there is no such bucket or project'],
};

/** For an answer without a known code. */
const STATUSES: Readonly<Record<number, Row>> = {
  401: STALE,
  403: DENIED,
  404: ['UPSTREAM_INVALID', 'there is no such thing at this address'],
};

const OAuthError = z.object({
  error: z.string(),
  error_subtype: z.string().optional(),
  error_description: z.string().optional(),
});
const ApiError = z.object({
  error: z.object({
    status: z.string().optional(),
    details: z.array(z.object({ reason: z.string().optional() })).catch([]),
    errors: z.array(z.object({ reason: z.string().optional() })).catch([]),
  }),
});

/** An answer that is no success, as ours. Its text is kept in `cause`, without what looks secret. */
export function mapRefusal(refused: Refused): ValetkeyError {
  const said = saidBy(refused.body);
  const [code, usual] = rowOf(refused, said);
  const fitting = said?.code === undefined || said.skewed ? undefined : refused.hints?.[said.code];
  const hint = fitting ?? usual;
  return new ValetkeyError(code, {
    ...(hint === undefined ? {} : { hint }),
    ...(said?.code === undefined || isSent(said.code, refused.sent)
      ? {}
      : { upstreamCode: said.code }),
    cause: new Error(`status ${refused.status}: ${withoutSecrets(refused.body, refused.sent)}`),
  });
}

function rowOf({ status }: Refused, said: Said | undefined): Row {
  if (status === 429) return THROTTLED;
  if (status === 408 || status >= 500) return DOWN;
  if (status === 407) return ['UPSTREAM_UNAVAILABLE', 'the proxy asks for a login'];
  if (status < 400 || said === undefined) return ['UPSTREAM_MALFORMED'];
  if (said.skewed) return SKEWED;
  const known =
    said.code !== undefined && Object.hasOwn(CODES, said.code) ? CODES[said.code] : undefined;
  return known ?? STATUSES[status] ?? INVALID;
}

interface Said {
  readonly code: string | undefined;
  readonly skewed: boolean;
}

/** `undefined` when it is not an error as Google writes them. */
function saidBy(body: string): Said | undefined {
  const json = parsed(body);
  const oauth = OAuthError.safeParse(json).data;
  if (oauth !== undefined) {
    const { error, error_subtype: subtype, error_description: text = '' } = oauth;
    const known = subtype !== undefined && Object.hasOwn(CODES, subtype);
    // Google has one code for a wrong key and a wrong clock; the claims it names are its only sign.
    const skewed = error === 'invalid_grant' && /\biat\b.*\bexp\b/.test(text);
    return { code: known ? subtype : error, skewed };
  }
  const api = ApiError.safeParse(json).data?.error;
  if (api === undefined) return undefined;
  const reasons = [...api.details, ...api.errors].map(({ reason }) => reason);
  const reason = reasons.find((name) => name !== undefined && Object.hasOwn(CODES, name));
  return {
    code: reason ?? api.status ?? reasons.find((name) => name !== undefined),
    skewed: false,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A code is shown to everybody: a service that repeats what it was sent gives none. */
function isSent(code: string, sent: readonly string[]): boolean {
  if (Object.hasOwn(CODES, code)) return false;
  return sent.some((value) => value !== '' && (value.includes(code) || code.includes(value)));
}
