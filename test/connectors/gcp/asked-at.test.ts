import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, onTestFinished, test } from 'vitest';

import { createGoogleAuth } from '../../../src/connectors/gcp/google-auth.ts';
import { secret } from '../../../src/core/secret.ts';
import { fakeClock } from '../../support/fake-clock.ts';

test('a token lives from when it was asked for, however long the answer took', async () => {
  const clock = fakeClock();
  const server = createServer((_request, response) => {
    void clock.advance(5_000).then(() => {
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({ access_token: 'ya29.a', expires_in: 3600, token_type: 'Bearer' }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const auth = createGoogleAuth({ clock, env: {}, implicit: { allow: [] } });
  const asked = clock.now();
  const { expiresAt } = await auth.userToken(
    { clientId: 'client', clientSecret: secret('any'), refreshToken: secret('any') },
    undefined,
    { universeDomain: 'googleapis.com', tokenEndpoint: `http://127.0.0.1:${port}/token` },
    new AbortController().signal,
  );
  expect(clock.now()).toBe(asked + 5_000);
  expect(expiresAt).toBe(asked + 3_600_000);
});
