import { request } from 'node:http';

import { fromWire, ValetkeyError, type WireError } from '../core/errors.ts';

export interface ControlCall {
  readonly socketPath: string;
  readonly operation: string;
  readonly input: unknown;
  /** Longest wait for the whole answer, ms. */
  readonly timeoutMs: number;
}

/**
 * One call over the control socket with nothing but Node's own HTTP client: what a helper that is
 * started for every request can afford to load. Throws `DAEMON_UNREACHABLE` when no answer comes in
 * time, otherwise what the daemon threw. The answer's shape is taken on trust: it is our own daemon's.
 */
export function callControl<Answer>({
  socketPath,
  operation,
  input,
  timeoutMs,
}: ControlCall): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify(input);
    const outgoing = request(
      {
        socketPath,
        path: `/v1/${operation}`,
        method: 'POST',
        agent: false,
        headers: {
          host: 'valetkey',
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('error', fail);
        response.on('end', () => {
          clearTimeout(timer);
          try {
            const answer: Answer & { error: WireError } = JSON.parse(text);
            if (response.statusCode === 200) resolve(answer);
            else reject(fromWire(answer.error));
          } catch (error) {
            fail(error);
          }
        });
      },
    );
    const timer = setTimeout(() => outgoing.destroy(new Error('timed out')), timeoutMs);
    const fail = (cause: unknown) => {
      clearTimeout(timer);
      reject(
        new ValetkeyError('DAEMON_UNREACHABLE', { hint: 'start it with: valetkey serve', cause }),
      );
    };
    outgoing.on('error', fail);
    outgoing.end(body);
  });
}
