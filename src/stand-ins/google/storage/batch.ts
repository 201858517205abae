import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { readHeaders, readMultipart } from '../multipart.ts';
import type { Part } from '../multipart.ts';
import type { GoogleReply } from '../reply.ts';
import type { GoogleRequest } from '../request.ts';
import type { Route } from '../service.ts';
import { storageRefusal } from './refusals.ts';

/** Most calls in one batch. */
const MAX_CALLS = 100;

/** How one call of a batch is answered: as if it had come alone. */
export type Dispatch = (request: GoogleRequest) => Promise<GoogleReply>;

/** https://cloud.google.com/storage/docs/batch */
export function batchRoute(dispatch: Dispatch): Route {
  return {
    service: 'storage',
    method: 'POST',
    path: /^\/batch\/storage\/v1$/,
    name: () => 'batch',
    async run({ request }) {
      const parts = readMultipart(request.headers.get('content-type') ?? '', request.body);
      if (parts === undefined || parts.length === 0 || parts.length > MAX_CALLS) {
        const text = `A batch has 1 to ${MAX_CALLS} calls in multipart/mixed.`;
        throw storageRefusal(400, 'badContent', text);
      }
      const calls = parts.map((part) => readCall(part, request));
      const boundary = `batch_${randomUUID()}`;
      const answers: Buffer[] = [];
      for (const [at, call] of calls.entries()) {
        // oxlint-disable-next-line no-await-in-loop -- in the order asked, so that a log reads the same
        const reply = await dispatch(call);
        const id = parts[at]?.headers.get('content-id');
        answers.push(Buffer.from(`--${boundary}\r\n`), partOf(reply, id), Buffer.from('\r\n'));
      }
      const body = Buffer.concat([...answers, Buffer.from(`--${boundary}--\r\n`)]);
      const headers = { 'content-type': `multipart/mixed; boundary=${boundary}` };
      return { status: 200, headers, body };
    },
  };
}

/** One call: a request line, headers, an empty line, a body. The batch's bearer is its own unless it brings one. */
function readCall(part: Part, batch: GoogleRequest): GoogleRequest {
  const text = part.body.toString('latin1');
  const gap = /\r?\n\r?\n|\r?\n$|$/.exec(text);
  const head = text.slice(0, gap?.index);
  const line = /^([A-Z]+) (\S+)(?: HTTP\/1\.1)?\r?(?:\n|$)/.exec(head);
  // A client may write the whole URL.
  const target = line?.[2]?.replace(/^https?:\/\/[^/]+/, '') ?? '';
  if (line === null || !target.startsWith('/storage/v1/')) {
    throw storageRefusal(400, 'badContent', 'A part of the batch is no call of Cloud Storage.');
  }
  const mark = target.indexOf('?');
  const headers = readHeaders(head.slice(line[0].length));
  for (const name of ['authorization', 'host']) {
    const value = batch.headers.get(name);
    if (value !== undefined && !headers.has(name)) headers.set(name, value);
  }
  return {
    method: line[1] ?? 'GET',
    path: mark === -1 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1)),
    headers,
    body: Buffer.from(text.slice(head.length + (gap?.[0].length ?? 0)), 'latin1'),
  };
}

function partOf(reply: GoogleReply, id: string | undefined): Buffer {
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body;
  const lines = [
    'Content-Type: application/http',
    ...(id === undefined ? [] : [`Content-ID: ${id.replace(/^</, '<response-')}`]),
    '',
    `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? ''}`,
    ...Object.entries({ ...reply.headers, 'content-length': String(body.length) }).map(
      ([name, value]) => `${name}: ${value}`,
    ),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
}
