import { request } from 'node:http';

import { fromWire, ValetkeyError } from '../core/errors.ts';
import type { WireError } from '../core/errors.ts';
import type { ControlApi } from './api.ts';
import { INPUTS } from './schema.ts';

/**
 * The control API of the daemon at `path`. Every call throws `DAEMON_UNREACHABLE` when none answers,
 * otherwise what the verb throws.
 */
export function connectControl(path: string): ControlApi {
  const entries = Object.keys(INPUTS).map((operation) => [
    operation,
    (input: unknown) => call(path, operation, input),
  ]);
  return Object.fromEntries(entries) as ControlApi;
}

function call(path: string, operation: string, input: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const unreachable = (cause: unknown) =>
      reject(
        new ValetkeyError('DAEMON_UNREACHABLE', { hint: 'start it with: valetkey serve', cause }),
      );
    const outgoing = request(
      {
        socketPath: path,
        path: `/v1/${operation}`,
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json', host: 'valetkey' },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', unreachable);
        response.on('end', () => {
          try {
            const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
            if (response.statusCode === 200) resolve(body);
            else reject(fromWire((body as { error: WireError }).error));
          } catch (error) {
            unreachable(error);
          }
        });
      },
    );
    outgoing.on('error', unreachable);
    outgoing.end(JSON.stringify(input));
  });
}
