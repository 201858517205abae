import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname } from 'node:path';

import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';

import { ERRORS, toValetkeyError, toWire, ValetkeyError } from '../core/errors.ts';
import type { ControlApi } from './api.ts';
import { checkedApi } from './checked-api.ts';
import { INPUTS } from './schema.ts';
import type { Operation } from './schema.ts';

const LARGEST_BODY = 4 * 1024 * 1024; // an attribute may be a whole file
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
  const server = createServer(getRequestListener(controlApp(api, metrics).fetch));
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

/** The control API as HTTP, for the socket and for tests. */
export function controlApp(api: ControlApi, metrics: () => Promise<string>): Hono {
  const checked = checkedApi(api);
  const app = new Hono();
  app.use(bodyLimit({ maxSize: LARGEST_BODY }));
  app.post('/v1/:operation', async (c) => {
    const operation = c.req.param('operation');
    if (!isOperation(operation)) throw new ValetkeyError('NOT_FOUND', { subject: 'operation' });
    const input: unknown = await c.req.json().catch(() => {
      throw new ValetkeyError('INPUT_INVALID', { reason: 'the body is not JSON' });
    });
    const result = await checked[operation](input as never);
    return c.json(result as object);
  });
  app.get('/metrics', async (c) => c.text(await metrics()));
  app.notFound((c) => c.json({ error: toWire(new ValetkeyError('NOT_FOUND')) }, 404));
  app.onError((thrown, c) => {
    const error = toValetkeyError(thrown);
    return c.json({ error: toWire(error) }, ERRORS[error.code].status as 400);
  });
  return app;
}

function isOperation(name: string): name is Operation {
  return Object.hasOwn(INPUTS, name);
}
