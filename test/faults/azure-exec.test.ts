import { createHash } from 'node:crypto';

import { expect, onTestFinished, test } from 'vitest';

import { openPrivateEndpoint } from '../../src/composition/private-endpoint.ts';
import { resolvePaths } from '../../src/config/paths.ts';
import { connectControl } from '../../src/control/client.ts';
import { get } from '../support/http.ts';
import { azureBed, CONNECTOR, STORAGE, tokenIn } from './azure-bed.ts';

/* A program under `exec` beside a daemon: its endpoint is its own, its tokens come from the daemon's memory. */

async function program() {
  const bed = await azureBed();
  const { home } = bed.daemon;
  const { controlSocket } = resolvePaths({ VALETKEY_HOME: home });
  const endpoint = await openPrivateEndpoint(
    { grants: [{ connector: CONNECTOR }] },
    { api: connectControl(controlSocket), clock: bed.clock, env: { HOME: home } },
  );
  onTestFinished(endpoint.stop);
  const { IDENTITY_ENDPOINT: url, IDENTITY_HEADER: secret = '' } = endpoint.variables.set;
  const ask = (more = '') =>
    get(`${url}?api-version=2019-08-01&resource=${STORAGE}${more}`, {
      'X-IDENTITY-HEADER': secret,
    });
  return { ...bed, ask };
}

test('a token that was refused somewhere is replaced, also where the daemon holds it', async () => {
  const bed = await program();
  const first = await bed.ask();
  const digest = createHash('sha256')
    .update(String(tokenIn(first)))
    .digest('hex');
  const before = bed.exchanges();
  const crowd = await Promise.all(
    Array.from({ length: 20 }, () => bed.ask(`&token_sha256_to_refresh=${digest}`)),
  );
  // Whoever comes while the new one is on its way is told to come again.
  for (const reply of crowd) {
    expect([200, 503]).toContain(reply.status);
    expect(reply.body).not.toContain(String(tokenIn(first)));
  }
  const second = await bed.ask(`&token_sha256_to_refresh=${digest}`);
  expect(second.status).toBe(200);
  expect(tokenIn(second)).not.toBe(tokenIn(first));
  expect(bed.exchanges()).toBe(before + 1);
  // The daemon's own endpoint has it too.
  expect(tokenIn(await bed.imds())).toBe(tokenIn(second));
});

test('bypass_cache brings another one, at most one each 10 s', async () => {
  const bed = await program();
  const first = await bed.ask();
  const before = bed.exchanges();
  const second = await bed.ask('&bypass_cache=true');
  expect(tokenIn(second)).not.toBe(tokenIn(first));
  for (let i = 0; i < 20; i += 1) await bed.ask('&bypass_cache=true');
  expect(bed.exchanges()).toBe(before + 1);
  expect(tokenIn(await bed.ask())).toBe(tokenIn(second));
});
