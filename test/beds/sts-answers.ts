import {
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { buffer } from 'node:stream/consumers';

import type { Keys } from './sigv4.ts';

export interface Known {
  readonly keys: Keys;
  readonly arn: string;
  /** ms since the epoch */
  readonly expiresAt: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const xml = (status: number, text: string): Answer => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: Buffer.from(text),
});

/**
 * An error as AWS STS words it. Ceph leaves the outer element out, and no SDK then finds the code.
 * https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
 */
export const problem = (status: number, code: string, message = code): Answer =>
  xml(
    status,
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>' +
      `<Code>${code}</Code><Message>${message}</Message></Error><RequestId>bed</RequestId></ErrorResponse>`,
  );

/** Ceph's S3 errors say nothing in words, and the AWS CLIs crash on that. */
export function withMessage(answer: Answer): Answer {
  if (answer.status < 400) return answer;
  const text = answer.body.toString();
  const said = text.replace('<Message></Message>', '<Message>refused by the bed</Message>');
  return { ...answer, body: Buffer.from(said) };
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
export const callerIdentity = (account: string, { keys, arn }: Known): Answer =>
  xml(
    200,
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
      `<Arn>${arn}</Arn><UserId>${keys.accessKeyId}</UserId><Account>${account}</Account>` +
      '</GetCallerIdentityResult><ResponseMetadata><RequestId>bed</RequestId></ResponseMetadata>' +
      '</GetCallerIdentityResponse>',
  );

/** Sends on exactly these headers (`fetch` would not let `host` through), and reads the whole answer. */
export async function received(
  url: string,
  sent: { method: string; headers: OutgoingHttpHeaders; body: string | Buffer },
): Promise<Answer> {
  const headers = { ...sent.headers, 'content-length': Buffer.byteLength(sent.body) };
  delete (headers as OutgoingHttpHeaders)['transfer-encoding'];
  const outgoing = httpRequest(url, { method: sent.method, headers, agent: false });
  outgoing.end(sent.body);
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject);
  });
  const body = await buffer(incoming);
  return { status: incoming.statusCode ?? 502, headers: incoming.headers, body };
}

export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  const { 'transfer-encoding': _chunked, connection: _connection, ...rest } = headers;
  response.writeHead(status, { ...rest, 'content-length': body.length });
  response.end(body);
}
