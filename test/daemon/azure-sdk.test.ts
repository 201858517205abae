import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';

import { clientVariables } from '../../src/composition/client-variables.ts';
import type { WorkloadAccess } from '../../src/control/api.ts';
import { testAzure } from '../support/azure.ts';
import { runProgram, testDaemon } from '../support/daemon.ts';
import type { TestDaemon } from '../support/daemon.ts';
import { get } from '../support/http.ts';

/*
 * Microsoft's own library for JavaScript, this version and the one before, as a process of its own that is
 * told nothing but environment variables, against the real daemon. The clock is this machine's: the
 * library compares expiries with it.
 */

const CLIENT = join(import.meta.dirname, '../interop/clients/azure/node/client.mjs');
const LIBRARIES = ['@azure/identity', 'azure-identity-previous'] as const;
const ARM = 'https://management.azure.com';
const STORAGE = 'https://storage.azure.com';
const VAULT = 'https://vault.azure.net';

async function setup() {
  const world = await testAzure({ systemTime: true });
  const daemon = await testDaemon({
    env: world.env,
    config: stringify({
      listeners: [{ address: '127.0.0.1:0' }],
      workloads: {
        dev: { grants: [{ connector: 'azure-dev' }, { connector: 'azure-other' }] },
      },
    }),
  });
  const add = (name: string, attributes: Record<string, string>) =>
    daemon.api.register({
      name,
      type: 'azure',
      auth_method: 'service-principal',
      attributes,
      verify: false,
    });
  await add('azure-dev', { ...world.secretAttributes, audiences: `${STORAGE},${ARM}` });
  const other = world.azure.directory.addApp({ tenant: world.tenant.id, name: 'other' });
  await add('azure-other', {
    tenant_id: world.tenant.id,
    client_id: other.clientId,
    client_secret: other.addSecret().value,
  });
  const access = await daemon.api.openWorkload({ workload: 'dev' });
  return { world, daemon, other, access };
}

interface How {
  readonly library: string;
  readonly args: readonly string[];
  /** The shape of the protocol; both where nothing is said. */
  readonly only?: 'imds' | 'app-service';
}

async function client(daemon: TestDaemon, access: WorkloadAccess, { library, args, only }: How) {
  const azure = access.azure && {
    ...access.azure,
    ...(only === 'imds' ? { appService: undefined } : {}),
    ...(only === 'app-service' ? { imds: undefined } : {}),
  };
  const { variables } = await clientVariables({ ...access, azure }, undefined, {
    env: { HOME: daemon.home },
    now: Date.now(),
    directory: join(daemon.home, 'run'),
  });
  const ran = await runProgram(process.execPath, [CLIENT, ...args], {
    ...variables.set,
    HOME: daemon.home,
    PATH: '', // it would ask an az that it finds there
    VALETKEY_TEST_LIBRARY: library,
  });
  const said = JSON.parse(ran.stdout) as Readonly<Record<string, string | number>>;
  return { status: ran.status, stderr: ran.stderr, said };
}

function claims(jwt: unknown): Record<string, unknown> {
  const [, payload = ''] = String(jwt).split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
}

describe.for(LIBRARIES)('%s', (library) => {
  test.for(['imds', 'app-service', undefined] as const)(
    'ManagedIdentityCredential over %s: the first identity, as the audience says',
    async (only) => {
      const { world, daemon, access } = await setup();
      const seen = await client(daemon, access, {
        library,
        args: ['managed', STORAGE],
        ...(only === undefined ? {} : { only }),
      });
      expect(seen).toMatchObject({ status: 0, stderr: '' });
      expect(claims(seen.said['token'])).toMatchObject({ aud: STORAGE, appid: world.app.clientId });
      expect(Number(seen.said['expiresAt'])).toBeGreaterThan(Date.now() + 3_000_000);
      const blob = `${world.azure.blobEndpoint('acmedata')}/zenfiles/runs/1.txt`;
      const bearer = { authorization: `Bearer ${seen.said['token']}` };
      const read = await get(blob, { ...bearer, 'x-ms-version': '2023-11-03' });
      expect(read).toMatchObject({ status: 200, body: 'one' });
    },
  );

  test('DefaultAzureCredential: the same, whoever is logged in to az', async () => {
    const { world, daemon, access } = await setup();
    const own = join(daemon.home, '.azure');
    await mkdir(own);
    const user = { name: 'ada@example.com', type: 'user' };
    await writeFile(
      join(own, 'azureProfile.json'),
      JSON.stringify({ subscriptions: [{ id: world.subscription.id, isDefault: true, user }] }),
    );
    const { status, said } = await client(daemon, access, { library, args: ['default', ARM] });
    expect(status).toBe(0);
    expect(claims(said['token'])).toMatchObject({ aud: ARM, appid: world.app.clientId });
  });

  test('another identity by its client id; one that is not granted is not there', async () => {
    const { daemon, other, access } = await setup();
    const named = (clientId: string) =>
      client(daemon, access, { library, args: ['managed', ARM, clientId] });
    const { status, said } = await named(other.clientId);
    expect(status).toBe(0);
    expect(claims(said['token'])).toMatchObject({ appid: other.clientId });
    const unknown = await named('11111111-2222-3333-4444-555555555555');
    expect(unknown.status).toBe(1);
    expect(unknown.said['name']).toMatch(/AuthenticationError|CredentialUnavailableError/);
  });

  test('an audience that is not granted: refused at once, and nothing is asked upstream', async () => {
    const { world, daemon, access } = await setup();
    const before = world.azure.log.length;
    const { status, said } = await client(daemon, access, { library, args: ['managed', VAULT] });
    expect(status).toBe(1);
    expect(said['message']).toContain(`${VAULT}/.default: the grant does not include`);
    expect(world.azure.log).toHaveLength(before);
    expect((await daemon.api.status({})).issued).toEqual([]);
  });
});

test('status and audit tell the audience of what was issued', async () => {
  const { daemon, access } = await setup();
  await client(daemon, access, { library: LIBRARIES[0], args: ['managed', STORAGE] });
  const { issued } = await daemon.api.status({});
  expect(issued).toMatchObject([{ connector: 'azure-dev', audience: STORAGE, heldBy: ['dev'] }]);
});
