import { randomUUID } from 'node:crypto';
import { refusal } from '../refusal.ts';
import type { Refusal } from '../refusal.ts';
import { jsonReply } from '../reply.ts';

interface Answer {
  readonly status: number;
  readonly error: string;
  readonly suberror?: string;
}

const client = (error: string): Answer => ({ status: 401, error });
const request = (error: string, suberror?: string): Answer =>
  suberror === undefined ? { status: 400, error } : { status: 400, error, suberror };

/**
 * AADSTS number → status and OAuth error, as clients report them.
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
const ANSWERS = {
  7000215: client('invalid_client'),
  7000218: client('invalid_client'),
  7000222: client('invalid_client'),
  700024: client('invalid_client'),
  700027: client('invalid_client'),
  700030: client('invalid_client'),
  700211: client('invalid_client'),
  700212: client('invalid_client'),
  700213: client('invalid_client'),
  700021: client('invalid_client'),
  50027: client('invalid_client'),
  700023: client('invalid_client'),
  70021: request('invalid_request'),
  700016: request('unauthorized_client'),
  7000112: request('unauthorized_client'),
  90002: request('invalid_request'),
  900023: request('invalid_request'),
  900144: request('invalid_request'),
  90014: request('invalid_request'),
  90100: request('invalid_request'),
  90009: request('invalid_request'),
  50059: request('invalid_request'),
  500011: request('invalid_resource'),
  70011: request('invalid_scope'),
  1002012: request('invalid_scope'),
  28000: request('invalid_scope'),
  70003: request('unsupported_grant_type'),
  65001: request('invalid_grant', 'consent_required'),
  70000: request('invalid_grant'),
  9002313: request('invalid_grant'),
  700082: request('invalid_grant'),
  50173: request('invalid_grant', 'bad_token'),
  50057: request('invalid_grant'),
  50034: request('invalid_grant'),
  50076: request('invalid_grant', 'basic_action'),
  53003: request('invalid_grant', 'message_only'),
  70016: request('authorization_pending'),
  70018: request('bad_verification_code'),
  70020: request('expired_token'),
  70017: request('authorization_declined'),
  1002033: request('slow_down'),
  50196: { status: 429, error: 'invalid_request' },
  90055: { status: 429, error: 'temporarily_unavailable' },
  90033: { status: 503, error: 'temporarily_unavailable' },
} as const satisfies Readonly<Record<number, Answer>>;

export type Aadsts = keyof typeof ANSWERS;

/** A refusal of Entra by its number. `claims`: what a claims challenge asks for, as JSON text. */
export function oauthRefusal(
  number: Aadsts,
  message: string,
  more: { readonly claims?: string } = {},
): Refusal {
  return entraRefusal(ANSWERS[number], number, message, more);
}

/** A refusal with any number and word: for injected faults. */
export function entraRefusal(
  { status, error, suberror }: Answer,
  number: number,
  message: string,
  more: { readonly claims?: string } = {},
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return refusal(`AADSTS${number}`, message, ({ at, correlation }) => {
    const trace = randomUUID();
    const stamp = `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`;
    return jsonReply(
      {
        error,
        error_description: `AADSTS${number}: ${message} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${stamp}`,
        error_codes: [number],
        timestamp: stamp,
        trace_id: trace,
        correlation_id: correlation,
        error_uri: `https://login.microsoftonline.com/error?code=${number}`,
        ...(suberror === undefined ? {} : { suberror }),
        ...more,
      },
      status,
      headers,
    );
  });
}

export function isAadsts(number: number): number is Aadsts {
  return number in ANSWERS;
}

export const answerOf = (number: Aadsts): Answer => ANSWERS[number];

export function missingParameter(name: string): Refusal {
  return oauthRefusal(900144, `The request body must contain the following parameter: '${name}'.`);
}
