import { jsonReply } from './reply.ts';
import type { GoogleReply } from './reply.ts';

/**
 * A request Google would refuse. Both shapes keep a short `code` for the log: OAuth's `error`, or
 * the API's `status`.
 */
export interface Refusal extends Error {
  readonly googleCode: string;
  readonly status: number;
  readonly shape: 'oauth' | 'api';
  /** More fields of the error object: `error_subtype`, `details`, `errors`. */
  readonly more: Readonly<Record<string, unknown>>;
}

type More = Readonly<Record<string, unknown>>;

/** `{error, error_description}`. RFC 6749 section 5.2. */
export function oauthRefusal(
  status: number,
  code: string,
  message: string,
  more: More = {},
): Refusal {
  return Object.assign(new Error(message), {
    googleCode: code,
    status,
    shape: 'oauth' as const,
    more,
  });
}

/** `{error: {code, message, status, details}}`. https://cloud.google.com/apis/design/errors */
export function apiRefusal(
  status: number,
  code: string,
  message: string,
  more: More = {},
): Refusal {
  return Object.assign(new Error(message), {
    googleCode: code,
    status,
    shape: 'api' as const,
    more,
  });
}

export function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && 'googleCode' in error;
}

export function renderRefusal(
  error: Refusal,
  headers: Readonly<Record<string, string>> = {},
): GoogleReply {
  const body =
    error.shape === 'oauth'
      ? { error: error.googleCode, error_description: error.message, ...error.more }
      : {
          error: { code: error.status, message: error.message, ...statusOf(error), ...error.more },
        };
  const challenge: Record<string, string> =
    error.status === 401 && error.shape === 'api'
      ? { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"' }
      : {};
  return jsonReply(body, error.status, { ...challenge, ...headers });
}

/** Cloud Storage's older errors carry `errors[].reason` in place of `status`. */
function statusOf(error: Refusal): { readonly status?: string } {
  return 'errors' in error.more ? {} : { status: error.googleCode };
}
