import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ACME, startAzure, type AzureBed } from '../beds/azure.ts';
import type { Env } from '../beds/process.ts';
import { azPath } from '../beds/tools.ts';
import {
  azureClients,
  azureNode,
  azureStorageClients,
  buildAzureClients,
  runAzure,
  type AzureClient,
  type AzureVerb,
} from './azure-clients.ts';
import { ARM, azureHome, registerSecret, registerWords, STORAGE, VAULT } from './azure-home.ts';
import { expectToken, liveToken, requestsTo } from './azure-judge.ts';
import { COLD_BUILD_MS } from './builds.ts';
import { answer } from './clients.ts';
import { execWords, type Installation, type Service } from './harness.ts';
import { azurermTemplate, terraformApply } from './terraform.ts';

/*
 * From a stored client secret to a blob, by variables and nothing else: nobody listens at
 * 169.254.169.254 here. What a token is good for is judged by an Azure that knows nothing of valetkey,
 * and by Microsoft's own emulator.
 */

/** Other credentials, other endpoints, and a proxy at which nobody listens. */
const SHELL: Env = {
  AZURE_CLIENT_ID: '99999999-9999-4999-8999-999999999999',
  AZURE_CLIENT_SECRET: 'of-somebody-else',
  AZURE_TENANT_ID: '88888888-8888-4888-8888-888888888888',
  MSI_ENDPOINT: 'http://127.0.0.1:1/oauth2/token',
  MSI_SECRET: 'none',
  IMDS_ENDPOINT: 'http://127.0.0.1:1',
  AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:1',
  HTTP_PROXY: 'http://127.0.0.1:1',
  http_proxy: 'http://127.0.0.1:1',
};

let bed: AzureBed;
let home: Installation;
let daemon: Service;
let second: string;
/** What `valetkey env` says for the storage audience alone, and for everything. */
let storage: Env;
let whole: Env;
beforeAll(async () => {
  [bed] = await Promise.all([startAzure(), buildAzureClients()]);
  home = await azureHome(bed);
  daemon = await home.serve({ inside: bed.namespace.inside });
  await registerSecret(home, bed, 'data', `--audiences=${STORAGE}`);
  await registerSecret(home, bed, 'all');
  const other = bed.azure.directory.addApp({ tenant: bed.tenant.id, name: 'second' });
  second = other.clientId;
  const secret = { client_secret: other.addSecret().value };
  const who = [`--tenant-id=${bed.tenant.id}`, `--client-id=${second}`, '--no-verify'];
  await home.must(await registerWords(home, 'second', 'service-principal', secret, ...who));
  storage = { ...bed.trust, ...(await home.variables('--grant', 'data')) };
  whole = { ...bed.trust, ...(await home.variables('--grant', 'all')) };
}, COLD_BUILD_MS);
afterAll(async () => {
  await daemon?.stop();
  await Promise.all([bed?.stop(), home?.remove()]);
});

/** A client as the child of `valetkey exec`. */
const underExec = (
  client: AzureClient,
  grants: readonly string[],
  verb: AzureVerb,
  args: readonly string[],
  shell: Env = {},
) =>
  client.run(
    verb,
    args,
    { ...home.names, ...bed.trust, ...shell },
    { inside: [...bed.namespace.inside, ...execWords(...grants)] },
  );

/** A client that was told the variables of `valetkey env`. */
const byEnv = (client: AzureClient, env: Env, verb: AzureVerb, ...args: readonly string[]) =>
  client.run(verb, args, env, { inside: bed.namespace.inside });

describe.each(azureClients)('$name', (client) => {
  it('under exec is the application of the secret, whatever else the shell has set', async () => {
    const [plain, shell] = await Promise.all([
      underExec(client, ['data'], 'managed', [STORAGE]),
      underExec(client, ['data'], 'managed', [STORAGE], SHELL),
    ]);
    const { expiresAt } = expectToken(bed, plain, STORAGE);
    expect(expiresAt).toBeGreaterThan(Date.now() + 1_500_000);
    expectToken(bed, shell, STORAGE);
  });

  it('under exec names the other of two identities', async () => {
    const named = await underExec(client, ['all', 'second'], 'managed', [ARM, second]);
    expect(liveToken(bed, answer(named)['token']).principal).toMatchObject({ clientId: second });
  });

  it('by env is refused an audience that is not granted, and gives up at once', async () => {
    const before = bed.azure.log.length;
    const asked = await requestsTo(daemon);
    const refused = await byEnv(client, storage, 'managed', VAULT);
    expect(await requestsTo(daemon)).toBe(asked + 1);
    expect(refused.status).toBe(1);
    expect(answer(refused)['message']).toMatch(/the grant does not include/);
    expect(bed.azure.log).toHaveLength(before);
  });
});

describe.each(azureStorageClients)('$name', (client) => {
  const key = `by-${client.name.replaceAll(/[^a-z]/gi, '-')}`;

  it('by env finds it with its default credential', async () => {
    expectToken(bed, await byEnv(client, whole, 'default', ARM), ARM);
  });

  it('by env writes and reads a blob', async () => {
    const written = await byEnv(client, storage, 'put', ACME, 'zenfiles', key);
    expect(answer(written)).toEqual({ put: key });
    const [own, other] = await Promise.all([
      byEnv(client, storage, 'get', ACME, 'zenfiles', 'runs/1.txt'),
      byEnv(client, storage, 'get', ACME, 'zenfiles', key),
    ]);
    expect(answer(own)).toEqual({ body: 'one' });
    expect(answer(other)['body']).toMatch(/^put by /);
  });

  it('by env does so in Microsoft’s emulator, too', async () => {
    await createContainer('cont1');
    const { azurite } = bed;
    const written = await byEnv(client, storage, 'put', azurite, 'cont1', key);
    expect(answer(written)).toEqual({ put: key });
    const read = await byEnv(client, storage, 'get', azurite, 'cont1', key);
    expect(answer(read)['body']).toMatch(/^put by /);
  });
});

/** In the emulator, by a brokered token. */
async function createContainer(name: string): Promise<void> {
  const { token } = answer(await byEnv(azureNode, storage, 'managed', STORAGE));
  const response = await bed.namespace.run(
    'curl',
    [
      '-sS',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '-X',
      'PUT',
      '-H',
      '@-',
      `${bed.azurite}/${name}?restype=container`,
    ],
    {
      env: { PATH: '/usr/bin:/bin', ...bed.trust },
      input: `Authorization: Bearer ${String(token)}\nx-ms-version: 2023-11-03\nContent-Length: 0\n`,
    },
  );
  expect(response.stdout).toMatch(/^(?:201|409)$/);
}

it('terraform keeps its state in a blob', async () => {
  await createContainer('tfstate');
  const backend = {
    storage_account_name: 'devstoreaccount1',
    container_name: 'tfstate',
    key: 'prod',
    use_azuread_auth: 'true',
  } as const;
  const { inside } = bed.namespace;
  const said = await terraformApply(backend, 'kept', storage, inside, azurermTemplate);
  expect(said).toMatchObject({ status: 0, stdout: 'kept' });
});

it('az logs in, gets a token, and writes, lists and reads blobs', async () => {
  await createContainer('cont2');
  const steps = [
    `blob() { verb=$1; shift; "$0" storage blob "$verb" --auth-mode login --blob-endpoint ${bed.azurite} --container-name cont2 "$@"; }`,
    '"$0" login --identity --output none',
    `"$0" account get-access-token --resource ${VAULT} --query accessToken --output tsv`,
    'printf "put by az" >said',
    'blob upload --file said --name by-az --no-progress --output none',
    'blob list --query "[].name" --output tsv',
    'blob download --name by-az --file heard --no-progress --output none',
    'cat heard',
  ];
  const { status, stdout, stderr } = await runAzure(
    ['sh', '-e', '-c', `cd "$HOME"\n${steps.join('\n')}`, azPath()],
    { ...home.names, ...bed.trust, ...SHELL },
    { inside: [...bed.namespace.inside, ...execWords('all')], timeoutMs: 170_000 },
  );
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const [token, ...said] = stdout.trim().split('\n');
  expect(liveToken(bed, token).audience).toBe(VAULT);
  expect(said).toEqual(['by-az', 'put by az']);
});
