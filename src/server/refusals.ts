import type { IncomingMessage, ServerResponse } from 'node:http';

import { jsonAnswer } from '../endpoints/answer.ts';
import type { Answer } from '../endpoints/contract.ts';

/** Longest a refused client may go on sending a body, ms. */
const LINGER_MS = 500;

/** Statuses after which the connection is closed: what follows on it cannot be trusted, or is too much. */
const CLOSING = new Set([400, 413, 414, 429]);

/** Where no protocol is known. Both spellings, for the AWS clients that read it. */
function plain(status: number, code: string, message: string): Answer {
  return jsonAnswer(
    status,
    { code, message, Code: code, Message: message },
    status === 405 ? { Allow: 'GET, HEAD, PUT, POST' } : {},
  );
}

export const NOT_FOUND = plain(404, 'NotFound', 'no protocol of this listener has this path');

export function plainRefusal(status: number): Answer {
  return plain(status, 'Refused', 'the request is refused');
}

/** Writes an answer. A body that is still coming is read and dropped for a moment, never kept. */
export function send(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { status, headers, body }: Answer,
): void {
  const unread = hasBody(incoming);
  // Whoever sends TRACE looks for a way around somebody, not for an answer of ours.
  if (unread || CLOSING.has(status) || incoming.method === 'TRACE')
    outgoing.shouldKeepAlive = false;
  outgoing.writeHead(status, headers);
  if (!unread) {
    outgoing.end(body);
    return;
  }
  // A close with unread bytes is a reset, which can overtake the answer.
  outgoing.write(body);
  const finish = (): void => {
    clearTimeout(cut);
    outgoing.end();
  };
  const cut = setTimeout(finish, LINGER_MS);
  cut.unref();
  incoming.once('close', finish).once('end', finish).resume();
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
