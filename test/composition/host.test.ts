import { join } from 'node:path';

import { expect, it } from 'vitest';
import { stringify } from 'yaml';

import { freePort } from '../beds/process.ts';
import { startDaemon } from '../../src/daemon.ts';
import { temporaryHome } from '../support/home.ts';

const GRANTS = [{ connector: 'none' }];

/** A daemon with two listeners; what a workload of these clients is told to use. */
async function accessOf(clients: (ports: readonly string[]) => readonly object[]) {
  const ports = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const home = await temporaryHome(
    stringify({
      listeners: ports.map((address) => ({ address })),
      workloads: { dev: { grants: GRANTS, clients: clients(ports) } },
    }),
  );
  const { stderr: log } = process;
  const env = { VALETKEY_HOME: home, VALETKEY_CONFIG: join(home, 'config.yaml') };
  const daemon = await startDaemon({ env, version: '0', ephemeral: true, log });
  const { baseUrl, endpoints } = await daemon.api.openWorkload({ workload: 'dev' });
  await daemon.stop();
  return { listener: ports.indexOf(baseUrl?.replace('http://', '') ?? ''), endpoints };
}

it('a workload with a token uses the first listener, and not the metadata service, which takes none', async () => {
  expect(await accessOf(() => [{ token: true }])).toEqual({ listener: 0, endpoints: ['ecs'] });
});

it('a workload of a listener uses that one, and not the container endpoint, which wants a token', async () => {
  const found = await accessOf(([, second]) => [{ listener: second }]);
  expect(found).toEqual({ listener: 1, endpoints: ['imds'] });
});

it('a workload with both uses its own listener for either', async () => {
  const found = await accessOf(([, second]) => [{ token: true }, { listener: second }]);
  expect(found).toEqual({ listener: 1, endpoints: ['ecs', 'imds'] });
});
