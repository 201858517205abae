import type { ValetkeyError } from '../../core/errors.ts';
import type { Answer, RefusalReason } from '../contract.ts';
import { awsFailure, awsMessage } from './errors.ts';
import { jsonAnswer, textAnswer } from '../answer.ts';

/** Plain words where the real service sends an XHTML page: clients look at the status alone. */
export const IMDS_NOT_FOUND = textAnswer(404, 'not found');
export const IMDS_UNAUTHORIZED = textAnswer(401, 'a valid X-aws-ec2-metadata-token is required');
export const IMDS_FORBIDDEN = textAnswer(403, 'forbidden');
export const IMDS_BAD_TTL = textAnswer(
  400,
  'X-aws-ec2-metadata-token-ttl-seconds must be a whole number from 1 to 21600',
);
export const IMDS_READ_ONLY = textAnswer(405, 'method not allowed', { Allow: 'GET, HEAD' });
export const IMDS_TOKEN_METHOD = textAnswer(405, 'method not allowed', { Allow: 'PUT' });

const ANY_METHOD = textAnswer(405, 'method not allowed', { Allow: 'GET, HEAD, PUT' });

/** The real service knows no malformed path, only one that is not there. */
export function imdsRefusal(status: number, reason: RefusalReason): Answer {
  if (reason === 'traversal') return IMDS_NOT_FOUND;
  if (reason === 'method') return ANY_METHOD;
  return status === 403 ? IMDS_FORBIDDEN : textAnswer(status, 'the request is refused');
}

/**
 * A lasting failure is a document whose `Code` says what is wrong, with status 200 as from the real
 * service; a passing one is 500. Rust and Kotlin know `AssumeRoleUnauthorizedAccess` and point at
 * the trust policy.
 */
export function imdsFailure(error: ValetkeyError): Answer {
  const failure = awsFailure(error);
  const Code =
    error.code === 'UPSTREAM_DENIED' && failure.code === 'AccessDenied'
      ? 'AssumeRoleUnauthorizedAccess'
      : failure.code;
  return jsonAnswer(failure.permanent ? 200 : 500, { Code, Message: awsMessage(error) });
}
