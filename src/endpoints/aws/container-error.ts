import type { ValetkeyError } from '../../core/errors.ts';
import type { Answer, RefusalReason } from '../contract.ts';
import { awsFailure, awsMessage, RETRY_AFTER } from './errors.ts';
import { jsonAnswer } from '../answer.ts';

/**
 * The error body of the container endpoints. Java and Go read `code` and `message`, JavaScript
 * `Code` and `Message`; `HTTPErrorCode` is the ECS agent's own third field.
 * https://github.com/aws/amazon-ecs-agent (agent/handlers/v1, credentials)
 */
export function containerError(
  status: number,
  code: string,
  message: string,
  headers?: Readonly<Record<string, string>>,
): Answer {
  return jsonAnswer(
    status,
    { code, message, Code: code, Message: message, HTTPErrorCode: status },
    headers,
  );
}

export const ALLOW_READ = { Allow: 'GET, HEAD' };

export function containerFailure(error: ValetkeyError): Answer {
  const { status, code } = awsFailure(error);
  const headers = status === 429 ? RETRY_AFTER : undefined;
  return containerError(status, code, awsMessage(error), headers);
}

const CODES: Readonly<Record<number, string>> = {
  400: 'InvalidRequest',
  403: 'AccessDenied',
  405: 'MethodNotAllowed',
  413: 'RequestTooLarge',
  414: 'RequestTooLarge',
  429: 'Throttling',
};

/** One sentence for all refusals: which check failed is for the log. */
export function containerRefusal(status: number, reason: RefusalReason): Answer {
  return containerError(
    status,
    CODES[status] ?? 'AccessDenied',
    'the request is refused',
    reason === 'method' ? ALLOW_READ : status === 429 ? RETRY_AFTER : undefined,
  );
}
