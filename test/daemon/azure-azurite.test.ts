import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { clientVariables } from '../../src/composition/client-variables.ts';
import { startAzurite } from '../beds/azurite.ts';
import { testAzure } from '../support/azure.ts';
import { runProgram, testDaemon } from '../support/daemon.ts';

/*
 * Microsoft's library and its blob client, told variables only, against Microsoft's emulator behind TLS,
 * which judges the audience, the issuer and the life of the token that valetkey brokered.
 */

const CLIENT = join(import.meta.dirname, '../interop/clients/azure/node/client.mjs');
const LIBRARIES = ['@azure/identity', 'azure-identity-previous'] as const;

test('a blob is written and read with a brokered token; one for another audience is worth nothing', async () => {
  const azurite = await startAzurite();
  onTestFinished(azurite.stop);
  const world = await testAzure({ systemTime: true });
  const daemon = await testDaemon({ env: world.env });
  await daemon.api.register({
    name: 'azure-dev',
    type: 'azure',
    auth_method: 'service-principal',
    attributes: world.secretAttributes,
    verify: false,
  });
  const container = await put(azurite.cert, `${azurite.url}/zenfiles?restype=container`, {
    bearer: (await world.tokenAttributes('https://storage.azure.com'))['token'] ?? '',
  });
  expect(container).toBe(201);

  const open = async (scope: string) => {
    const access = await daemon.api.openWorkload({
      grants: [{ connector: 'azure-dev', scopes: [scope] }],
    });
    const { variables } = await clientVariables(access, undefined, {
      env: { HOME: daemon.home },
      now: Date.now(),
      directory: join(daemon.home, 'run'),
    });
    return { ...variables.set, HOME: daemon.home, PATH: '', NODE_EXTRA_CA_CERTS: azurite.certFile };
  };
  const storage = await open('https://storage.azure.com/.default');
  const vault = await open('https://vault.azure.net/.default');

  for (const library of LIBRARIES) {
    const run = async (env: Record<string, string>, verb: string) => {
      const args = [CLIENT, verb, azurite.url, 'zenfiles', `${library}.txt`];
      const ran = await runProgram(process.execPath, args, {
        ...env,
        VALETKEY_TEST_LIBRARY: library,
      });
      return { status: ran.status, said: JSON.parse(ran.stdout) as Record<string, string> };
    };
    // oxlint-disable-next-line no-await-in-loop -- what one writes, the next reads
    expect(await run(storage, 'put')).toMatchObject({ status: 0 });
    // oxlint-disable-next-line no-await-in-loop
    expect(await run(storage, 'get')).toMatchObject({ status: 0, said: { body: 'put by node' } });
    // oxlint-disable-next-line no-await-in-loop
    expect((await run(vault, 'get')).status).toBe(1);
  }
});

/** PUT with a bearer. */
async function put(ca: string, url: string, { bearer }: { bearer: string }): Promise<number> {
  const { Agent, request } = await import('undici');
  const dispatcher = new Agent({ connect: { ca } });
  try {
    const answer = await request(url, {
      dispatcher,
      method: 'PUT',
      headers: { authorization: `Bearer ${bearer}`, 'x-ms-version': '2023-11-03' },
    });
    await answer.body.dump();
    return answer.statusCode;
  } finally {
    await dispatcher.close();
  }
}
