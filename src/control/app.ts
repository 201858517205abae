import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';

import { ERRORS, toValetkeyError, toWire, ValetkeyError } from '../core/errors.ts';
import type { ControlApi } from './api.ts';
import { checkedApi } from './checked-api.ts';
import { INPUTS } from './schema.ts';
import type { Operation } from './schema.ts';

const LARGEST_BODY = 4 * 1024 * 1024; // an attribute may be a whole file

/** The control API as HTTP. */
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
