import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { startAzure, type AzureBed } from '../beds/azure.ts';
import { freePort, type Env } from '../beds/process.ts';
import { azureClients, buildAzureClients, runAzure } from './azure-clients.ts';
import { azureHome, registerSecret, STORAGE } from './azure-home.ts';
import { expectToken } from './azure-judge.ts';
import { COLD_BUILD_MS } from './builds.ts';
import type { Installation, Service } from './harness.ts';

/*
 * Proof of a user by a file: no secret is in the environment. Clients accept such files in one folder
 * of the system alone, which here is one of the test's own: daemon and clients have it mounted there.
 */

let bed: AzureBed;
let home: Installation;
let daemon: Service;
let folder: string;
let inside: readonly string[];
let env: Env;
let endpoint: string;
beforeAll(async () => {
  [bed, folder] = await Promise.all([
    startAzure(),
    mkdtemp(join('/var/tmp', 'vk-arc-')),
    buildAzureClients(),
  ]);
  // Each process of the namespace has mounts of its own: nobody else sees this.
  const mounted = 'mount --bind "$0" /var/opt && exec "$@"';
  inside = [...bed.namespace.inside, 'sh', '-c', mounted, folder];
  const listener = `127.0.0.1:${await freePort()}`;
  home = await azureHome(bed);
  const app = {
    grants: [{ connector: 'data' }],
    clients: [{ challenge: listener, uid: process.getuid?.() ?? 0 }],
  };
  await home.writeConfig({
    listeners: [{ address: listener, endpoints: ['azure-arc'] }],
    workloads: { app },
  });
  await registerSecret(home, bed, 'data', '--no-verify');
  daemon = await home.serve({ inside });
  endpoint = `http://${listener}/metadata/identity/oauth2/token`;
  env = { ...bed.trust, IDENTITY_ENDPOINT: endpoint, IMDS_ENDPOINT: `http://${listener}` };
}, COLD_BUILD_MS);
afterAll(async () => {
  await daemon?.stop();
  await Promise.all([bed?.stop(), home?.remove()]);
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

it.each(azureClients)('$name proves its user, and gets its token', async (client) => {
  expectToken(bed, await client.run('managed', [STORAGE], env, { inside }), STORAGE);
});

it('another user of the machine cannot', async () => {
  // The whole of the protocol, as whoever runs it.
  const script = `
    url="$ENDPOINT?api-version=2020-06-01&resource=${encodeURIComponent(STORAGE)}"
    file=$(curl -sS -i -H 'Metadata: true' "$url" | tr -d '\\r' | sed -n 's/^www-authenticate: basic realm=//Ip')
    curl -sS -o /dev/null -w '%{http_code}' -H 'Metadata: true' -H "Authorization: Basic $(cat "$file")" "$url"`;
  const ask = (...as: readonly string[]) =>
    runAzure([...as, 'sh', '-c', script], { ...env, ENDPOINT: endpoint }, { inside });
  expect(await ask()).toMatchObject({ stdout: '200' });
  const { stdout, stderr } = await ask(
    'setpriv',
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
  );
  expect(stdout).toMatch(/^40[0-3]$/);
  expect(stderr).toMatch(/Permission denied|No such file/);
});

it('no file outlives the daemon', async () => {
  await daemon.stop();
  try {
    expect(await readdir(join(folder, 'azcmagent/tokens'))).toEqual([]);
  } finally {
    daemon = await home.serve({ inside });
  }
});
