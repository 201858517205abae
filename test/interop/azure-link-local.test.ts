import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ACME, startAzure, type AzureBed } from '../beds/azure.ts';
import { azPath, debianAzPath } from '../beds/tools.ts';
import {
  azureClients,
  azureStorageClients,
  buildAzureClients,
  runAzure,
  type AzureClient,
  type AzureVerb,
} from './azure-clients.ts';
import { ARM, azureHome, registerSecret, STORAGE, VAULT } from './azure-home.ts';
import { expectToken, liveToken, requestsTo } from './azure-judge.ts';
import { COLD_BUILD_MS } from './builds.ts';
import { answer } from './clients.ts';
import type { Installation, Service } from './harness.ts';

/*
 * The address that Azure's clients have built in, in a network where it is ours. No client is told
 * anything here but whom TLS is to trust, which in a cloud nobody has to say.
 */

const METADATA = '169.254.169.254:80';

let bed: AzureBed;
let home: Installation;
let daemon: Service;
beforeAll(async () => {
  [bed] = await Promise.all([startAzure(), buildAzureClients()]);
  home = await azureHome(bed);
  const audiences = `--audiences=${STORAGE},${ARM},https://management.core.windows.net/`;
  await registerSecret(home, bed, 'data', audiences, '--no-verify');
  const vm = { grants: [{ connector: 'data' }], clients: [{ listener: METADATA }] };
  await home.writeConfig({ listeners: [{ address: METADATA }], workloads: { vm } });
  daemon = await home.serve({ inside: bed.namespace.inside });
}, COLD_BUILD_MS);
afterAll(async () => {
  await daemon?.stop();
  await Promise.all([bed?.stop(), home?.remove()]);
});

const bare = (client: AzureClient, verb: AzureVerb, ...args: readonly string[]) =>
  client.run(verb, args, bed.trust, { inside: bed.namespace.inside });

const command = (...words: readonly string[]) =>
  runAzure(words, bed.trust, { inside: bed.namespace.inside, timeoutMs: 170_000 });

describe.each(azureClients)('$name', (client) => {
  it('is the machine’s identity, and no other', async () => {
    const asked = await requestsTo(daemon);
    const [own, unknown, ungranted] = await Promise.all([
      bare(client, 'managed', STORAGE),
      bare(client, 'managed', STORAGE, '99999999-9999-4999-8999-999999999999'),
      bare(client, 'managed', VAULT),
    ]);
    expectToken(bed, own, STORAGE);
    expect(unknown.status).toBe(1);
    expect(answer(unknown)['message']).toMatch(/Identity not found/);
    expect(ungranted.status).toBe(1);
    expect(answer(ungranted)['message']).toMatch(/the grant does not include/);
    // None of them has tried again.
    expect(await requestsTo(daemon)).toBe(asked + 3);
  });
});

describe.each(azureStorageClients)('$name', (client) => {
  it('finds it with its default credential, and reads a blob', async () => {
    const [token, read] = await Promise.all([
      bare(client, 'default', ARM),
      bare(client, 'get', ACME, 'zenfiles', 'runs/1.txt'),
    ]);
    expectToken(bed, token, ARM);
    expect(answer(read)).toEqual({ body: 'one' });
  });
});

describe.each([
  { name: 'az of PyPI', path: azPath, refusal: /the grant does not include/ },
  { name: 'az 2.45 of Debian', path: debianAzPath, refusal: /http error: 403/ },
])('$name', ({ path, refusal }) => {
  it('logs in, knows the subscription, gets tokens and lists blobs', async () => {
    const steps = [
      '"$0" login --identity --output none',
      '"$0" account show --query id --output tsv',
      `"$0" account get-access-token --resource ${STORAGE} --query accessToken --output tsv`,
      '"$0" storage blob list --account-name acmedata --container-name zenfiles --auth-mode login --query "[].name" --output tsv',
    ];
    const { status, stdout, stderr } = await command('sh', '-e', '-c', steps.join('\n'), path());
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const [subscription, token, ...blobs] = stdout.trim().split('\n');
    expect(subscription).toBe(bed.subscription.id);
    expect(liveToken(bed, token)).toMatchObject({
      audience: STORAGE,
      principal: { clientId: bed.app.clientId },
    });
    expect(blobs).toContain('runs/1.txt');
  });

  it('is refused an audience that is not granted', async () => {
    const steps = [
      '"$0" login --identity --output none',
      `"$0" account get-access-token --resource ${VAULT}`,
    ];
    const { status, stdout, stderr } = await command('sh', '-e', '-c', steps.join('\n'), path());
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(refusal);
  });
});

it('gives another user of the machine nothing', async () => {
  const query = `api-version=2018-02-01&resource=${encodeURIComponent(STORAGE)}`;
  const url = `http://${METADATA}/metadata/identity/oauth2/token?${query}`;
  const words = ['-sS', '--max-time', '10', '-H', 'Metadata: true', '-w', '%{http_code}'];
  const ask = ['curl', '-o', '/dev/null', ...words, url];
  expect((await command(...ask)).stdout).toBe('200');
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  expect((await command(...nobody, ...ask)).stdout).toMatch(/^40[03]$/);
});
