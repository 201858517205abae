import { connect } from 'node:net';

import { fromWire, ValetkeyError } from '../core/errors.ts';
import type { WireError } from '../core/errors.ts';

export interface ControlCall {
  readonly socketPath: string;
  readonly operation: string;
  readonly input: unknown;
  /** Longest wait for the whole answer, ms. */
  readonly timeoutMs: number;
}

/**
 * One call over the control socket, for helpers that are started for every request: `node:http`
 * alone takes as long to load as Node takes to start. HTTP/1.0 (RFC 1945) because its answer ends
 * with the connection: no chunks to put together. Throws `DAEMON_UNREACHABLE` when no answer comes
 * in time, otherwise what the daemon threw. The answer's shape is taken on trust: it is our daemon's.
 */
export function callControl<Answer>(call: ControlCall): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: call.socketPath });
    const timer = setTimeout(() => socket.destroy(new Error('timed out')), call.timeoutMs);
    const fail = (cause: unknown) => {
      clearTimeout(timer);
      reject(
        new ValetkeyError('DAEMON_UNREACHABLE', { hint: 'start it with: valetkey serve', cause }),
      );
    };
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (part) => {
      text += part.toString();
    });
    socket.on('error', fail);
    socket.on('end', () => {
      clearTimeout(timer);
      try {
        const { status, body } = split(text);
        const answer: Answer & { error: WireError } = JSON.parse(body);
        if (status === '200') resolve(answer);
        else reject(fromWire(answer.error));
      } catch (error) {
        fail(error);
      }
    });
    socket.write(requestText(call));
  });
}

function requestText({ operation, input }: ControlCall): string {
  const body = JSON.stringify(input);
  return [
    `POST /v1/${operation} HTTP/1.0`,
    'host: valetkey',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

function split(response: string): { status: string | undefined; body: string } {
  const end = response.indexOf('\r\n\r\n');
  return { status: response.split(' ', 2)[1], body: response.slice(end + 4) };
}
