import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startIdentityServer } from '../../../src/stand-ins/azure/identity/server.ts';
import { selfSigned, startAzurite } from '../../beds/azurite.ts';
import { must, until } from '../../beds/process.ts';
import { openAzure } from '../../support/azure.ts';
import { fieldsOfJson } from '../../support/json.ts';
import { claimsOf } from './setup.ts';

const CLIENT = join(import.meta.dirname, 'blob-client.mjs');

/** The small Azure behind TLS, on the machine's time, and a way to run Microsoft's libraries on it. */
async function clientBed() {
  const dir = await mkdtemp(join(tmpdir(), 'vk-azure-clients-'));
  const { keyFile, certFile } = await selfSigned(dir);
  const tls = { key: await readFile(keyFile, 'utf8'), cert: await readFile(certFile, 'utf8') };
  const world = await openAzure({ systemTime: true, tls });
  const trust = join(dir, 'trust.pem');
  await writeFile(trust, tls.cert);
  const environment = {
    PATH: '/usr/bin:/bin',
    HOME: dir,
    NODE_EXTRA_CA_CERTS: trust,
    NODE_NO_WARNINGS: '1',
    NO_PROXY: '*',
    AZURE_AUTHORITY_HOST: world.azure.url,
    AZURE_TENANT_ID: world.tenant.id,
  };
  const run = async (blobUrl: string, more: Record<string, string>) =>
    fieldsOfJson(
      await must(process.execPath, [CLIENT], {
        env: {
          ...environment,
          AZURE_CLIENT_ID: world.app.clientId,
          BLOB_URL: blobUrl,
          ...more,
        },
      }),
    );
  const stop = async (): Promise<void> => {
    await world.azure.stop();
    await rm(dir, { recursive: true, force: true });
  };
  return { ...world, dir, trust, cert: tls.cert, environment, run, stop };
}

let bed: Awaited<ReturnType<typeof clientBed>>;
beforeAll(async () => {
  bed = await clientBed();
});
afterAll(() => bed.stop());

test('@azure/identity and @azure/storage-blob: a secret, and the stand-in’s own blobs', async () => {
  const found = await bed.run(bed.azure.blobEndpoint('acmedata'), {
    AZURE_CLIENT_SECRET: bed.secret(),
  });
  expect(found).toEqual({
    containers: ['models', 'written', 'zenfiles'],
    blobs: ['runs/1.txt'],
    text: 'one',
  });
});

test('a token of the stand-in, by certificate, is one that Azurite takes', async () => {
  const azurite = await startAzurite();
  onTestFinished(() => azurite.stop());
  await writeFile(bed.trust, `${bed.cert}${azurite.cert}`);
  const pem = join(bed.dir, 'app.pem');
  await writeFile(pem, bed.certificatePem, { mode: 0o600 });
  const found = await bed.run(azurite.url, { AZURE_CLIENT_CERTIFICATE_PATH: pem });
  expect(found).toEqual({ containers: ['written'], blobs: ['runs/1.txt'], text: 'one' });
  expect(bed.azure.calls.count('entra:client-assertion')).toBe(1);
});

test('a wrong secret reaches the person as Entra’s number', async () => {
  const found = await bed.run(bed.azure.blobEndpoint('acmedata'), {
    AZURE_CLIENT_SECRET: 'nonsense',
  });
  expect(found['name']).toBe('AuthenticationRequiredError');
  expect(found['message']).toContain('7000215');
});

test('a person at the screen: a device code, and then another service without the person', async () => {
  // The library waits as long as it is told to.
  bed.azure.faults.add('entra:device-code', { kind: 'field', name: 'interval', value: 1 });
  const run = must(process.execPath, [join(import.meta.dirname, 'person-client.mjs')], {
    env: bed.environment,
  });
  await until('a code', () => Promise.resolve(bed.azure.devices.waiting().length > 0));
  bed.azure.devices.confirm(bed.azure.devices.waiting()[0] ?? '', 'ada@example.com');
  const found = fieldsOfJson(await run);
  expect(claimsOf(String(found['first']))).toMatchObject({
    aud: 'https://management.azure.com',
    upn: 'ada@example.com',
  });
  expect(claimsOf(String(found['second']))['aud']).toBe('https://storage.azure.com');
  expect(bed.azure.calls.count('entra:refresh')).toBe(1);
});

test.each(['imds', 'appService'] as const)('a managed identity by %s', async (kind) => {
  const machine = await startIdentityServer(bed.azure);
  onTestFinished(() => machine.stop());
  const system = machine.identities.assign({ name: 'vm1', tenant: bed.tenant.id });
  const script = join(import.meta.dirname, 'machine-client.mjs');
  const printed = await must(process.execPath, [script], {
    env: { PATH: '/usr/bin:/bin', HOME: bed.dir, NO_PROXY: '*', ...machine.variables[kind] },
  });
  expect(claimsOf(String(fieldsOfJson(printed)['token']))).toMatchObject({
    aud: 'https://storage.azure.com',
    oid: system.objectId,
  });
  // The second came from the library's memory: it understood when the first ends.
  expect(Object.values(machine.calls.all())).toEqual([1]);
});
