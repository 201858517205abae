import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname } from 'node:path';

import { ValetkeyError } from '../core/errors.ts';
import type { ControlApi } from './api.ts';

const LONGEST_PATH = process.platform === 'darwin' ? 103 : 107; // sockaddr_un.sun_path less its NUL, unix(7)

/**
 * Serves the control API at a unix socket that its owner alone can reach: a 0600 socket in a 0700
 * folder. `POST /v1/<operation>` with a JSON object; answers the result, or `{ error }`. `GET /metrics`
 * answers in the Prometheus text format.
 */
export async function serveControl(
  api: ControlApi,
  path: string,
  metrics: () => Promise<string>,
): Promise<{ close(): Promise<void> }> {
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new ValetkeyError('CONFIG_INVALID', {
      subject: 'VALETKEY_HOME',
      reason: `the control socket’s path is longer than the system’s ${LONGEST_PATH} bytes`,
      hint: 'choose a shorter folder for VALETKEY_HOME',
    });
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await chmod(dirname(path), 0o700);
  await rm(path, { force: true }); // left by a daemon that was killed; a live one holds the daemon lock
  const server = createServer(loadedWhenAsked(api, metrics));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return {
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 2_000).unref();
      await closed;
    },
  };
}

/** Hono and its adapter are loaded with the first call: a daemon's start waits for nobody's. */
function loadedWhenAsked(api: ControlApi, metrics: () => Promise<string>) {
  const load = async () => {
    const [{ controlApp }, { getRequestListener }] = await Promise.all([
      import('./app.ts'),
      import('@hono/node-server'),
    ]);
    return getRequestListener(controlApp(api, metrics).fetch);
  };
  let loading: ReturnType<typeof load> | undefined;
  return (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    loading ??= load();
    loading.then((serve) => serve(incoming, outgoing)).catch(() => outgoing.destroy());
  };
}
