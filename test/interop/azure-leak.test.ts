import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { ACME, startAzure, type AzureBed } from '../beds/azure.ts';
import { freePort, until, type Env, type Outcome } from '../beds/process.ts';
import { azureNode, azurePython, runAzure, type AzureClient } from './azure-clients.ts';
import { appWords, ARM, azureHome, registerWords, STORAGE, VAULT } from './azure-home.ts';
import { execWords, type Installation, type Service } from './harness.ts';
import { leakSearch } from './leak-search.ts';

/*
 * Client secrets, a certificate's key, refresh tokens, a foreign identity token, and every token that
 * Entra gave: daemon, command line and clients walk good ways and bad ones; then every byte that any of
 * them left behind is searched for them.
 */

const NAMES = ['data', 'certified', 'job', 'person'] as const;
const IN_FILE = 'plantedInConnectorFile0123456789abcdefgh';

const search = leakSearch([IN_FILE]);
const { secrets, hear } = search;

let bed: AzureBed;
let home: Installation;
let daemon: Service;
let listener: string;
let secret: string;

beforeAll(async () => {
  bed = await startAzure();
  home = await azureHome(bed);
  secret = bed.secret();
  const federated = bed.federatedToken({ exp: Math.floor(Date.now() / 1000) + 3_600 });
  secrets.add(secret).add(federated);
  for (const line of bed.certificatePem.split('PRIVATE KEY')[1]?.split('\n').slice(2) ?? [])
    if (line.length === 64) secrets.add(line);

  listener = `127.0.0.1:${await freePort()}`;
  const grants = NAMES.map((connector) => ({ connector }));
  await home.writeConfig({
    log: { level: 'debug' },
    listeners: [{ address: listener, endpoints: ['azure-imds'] }, { address: '127.0.0.1:0' }],
    workloads: { dev: { grants, clients: [{ listener }] } },
  });
  daemon = await home.serve({ inside: bed.namespace.inside });
  const tokenFile = await home.privateFile(federated);
  const app = appWords(bed);
  const certificate = { client_certificate: bed.certificatePem };
  await register('data', 'service-principal', { client_secret: secret }, ...app);
  await register('certified', 'client-certificate', certificate, ...app);
  await register('job', 'federated-token', {}, ...app, `--token-file=${tokenFile}`);
  await register('person', 'user-account', {}, `--tenant-id=${bed.tenant.id}`, '--no-verify');
  const login = cli(['connector', 'login', 'person']);
  const { devices } = bed.azure;
  await until('a code', () => Promise.resolve(devices.waiting().length > 0));
  devices.confirm(devices.waiting()[0] ?? '', bed.person.upn);
  expect(await login).toMatchObject({ status: 0 });
});
afterAll(async () => {
  await daemon?.stop();
  await Promise.all([bed?.stop(), home?.remove()]);
});

/** Runs `valetkey` and notes what it said. */
async function cli(args: readonly string[], env: Env = {}): Promise<Outcome> {
  const outcome = await home.run(args, { env });
  search.hearOutcome(args.slice(0, 3).join(' '), outcome);
  return outcome;
}

async function register(
  name: string,
  method: string,
  given: Readonly<Record<string, string>>,
  ...words: readonly string[]
): Promise<void> {
  const outcome = await cli(await registerWords(home, name, method, given, ...words));
  expect({ name, ...outcome }).toMatchObject({ name, status: 0 });
}

const verifyAll = () => Promise.all(NAMES.map((name) => cli(['connector', 'verify', name])));

/** Asks the metadata service; its answer holds what it is asked for, so only refusals are noted. */
async function metadata(query: string, ...words: readonly string[]): Promise<string> {
  const url = `http://${listener}/metadata/identity/oauth2/token?${query}`;
  const curl = ['curl', '-sS', '-i', '--max-time', '20', '-H', 'Metadata: true', ...words, url];
  const { stdout } = await runAzure(curl, bed.trust, { inside: bed.namespace.inside });
  if (!stdout.startsWith('HTTP/1.1 200')) hear(query, stdout);
  return stdout;
}

const wanted = (audience: string): string =>
  `api-version=2018-02-01&resource=${encodeURIComponent(audience)}`;

const client = (one: AzureClient, env: Env, blob: string) =>
  one.run(
    'get',
    [ACME, 'zenfiles', blob],
    { ...bed.trust, ...env },
    {
      inside: bed.namespace.inside,
    },
  );

it('good ways: each client gets its token', async () => {
  for (const output of ['table', 'json', 'yaml']) {
    await cli(['connector', 'list', '--output', output]);
    await Promise.all(NAMES.map((name) => cli(['connector', 'describe', name, '-o', output])));
  }
  for (const { status } of await verifyAll()) expect(status).toBe(0);
  await cli(['connector', 'list-resources', 'data', '--resource-type=blob-container']);
  expect(await metadata(wanted(STORAGE))).toMatch(/^HTTP\/1\.1 200/);
  for (const name of NAMES) {
    const env = await home.variables('--grant', name);
    const one = name === 'data' ? azurePython : azureNode;
    const good = await client(one, env, 'runs/1.txt');
    expect({ name, ...good }).toMatchObject({ name, status: 0 });
    search.hearOutcome(name, good);
    search.hearOutcome(`${name}, no blob`, await client(one, env, 'none'));
  }
});

it('bad ways: each is refused', async () => {
  const pem = bed.certificatePem;
  const key = `-----BEGIN${pem.split('-----BEGIN')[2] ?? ''}`;
  const damaged = [
    pem.slice(0, -200),
    pem.replace('BEGIN PRIVATE KEY', 'BEGIN PUBLIC KEY'),
    pem.replace('MII', 'XXX'),
    key,
    `${key}${key}`,
    Buffer.from(pem).toString('base64'),
  ];
  for (const [index, text] of damaged.entries()) {
    const given = { client_certificate: text };
    const words = [...appWords(bed), '--no-verify'];
    const asked = await registerWords(home, `bad-${index}`, 'client-certificate', given, ...words);
    expect({ index, status: (await cli(asked)).status }).toMatchObject({ status: 2 });
  }
  const argv = ['connector', 'register', 'argv', '--type=azure'];
  await cli([...argv, `--client-secret=${secret}`, ...appWords(bed)]);
  await cli([...argv, `--client-secrets=${secret}`]);
  await metadata(wanted('https://nothing.example'));
  await metadata(`${wanted(VAULT)}&client_id=99999999-9999-4999-8999-999999999999`);
  await metadata(wanted(ARM), '-H', `X-IDENTITY-HEADER: ${secret}`, '-H', 'Host: evil.example');

  const file = join(home.home, 'connectors/data.yaml');
  const good = await readFile(file, 'utf8');
  await writeFile(file, `${good}\nclient_secret: ${IN_FILE}\n`);
  await cli(['connector', 'verify', 'data']);
  await writeFile(file, `secret: [${IN_FILE}`);
  await cli(['connector', 'describe', 'data']);
  await writeFile(file, good);
});

it('a running exec shows nothing to who looks at processes', async () => {
  const script = 'tr "\\0" "\\n" < /proc/$PPID/cmdline; tr "\\0" "\\n" < /proc/$PPID/environ; env';
  const child = await home.run([...execWords('data').slice(1), 'sh', '-c', script]);
  expect({ stderr: child.stderr, status: child.status }).toMatchObject({ status: 0 });
  expect(child.stdout).toMatch(/exec\n--grant\n[^]*VALETKEY_HOME=[^]*IDENTITY_ENDPOINT=/);
  search.hearOutcome('cmdline and environ of exec', child);
});

it('an Azure that fails, and echoes what it was sent', async () => {
  const { faults } = bed.azure;
  for (const body of ['malformed', 'html', 'oversized'] as const) {
    faults.add('*', { kind: 'body', body });
    await verifyAll();
    faults.clear();
  }
  for (const text of secrets) {
    const message = `that was ${text}`;
    if (text.length < 200) faults.add('entra:*', { kind: 'error', status: 400, message }, 4);
  }
  await verifyAll();
  await metadata(wanted(VAULT));
  faults.clear();
  bed.app.disable();
  expect((await cli(['connector', 'verify', 'data'])).status).not.toBe(0);
  await cli(['status', '-o', 'json']);
});

it('none of it is to be found afterwards', async () => {
  for (const { token } of bed.azure.tokens.issued()) secrets.add(token);
  for (const token of bed.azure.directory.refreshTokens.issued()) secrets.add(token);
  hear('the daemon', await daemon.output());
  hear('metrics', await daemon.metrics());
  for (const name of ['cmdline', 'environ'])
    hear(name, await readFile(`/proc/${daemon.pid}/${name}`, 'utf8'));
  const onPurpose = (path: string) => path.includes('/run/tokens/');
  await search.hearFiles(home.home, onPurpose);
  for (const name of ['audit.jsonl', 'secrets.age', 'data.yaml'])
    expect(search.places()).toContainEqual(expect.stringMatching(new RegExp(`/${name}$`)));

  expect(bed.azure.directory.refreshTokens.issued().length).toBeGreaterThan(0);
  expect(secrets.size).toBeGreaterThan(30);
  expect(search.found()).toEqual([]);
  hear('control', bed.certificatePem);
  expect(search.found().length).toBeGreaterThan(10);
});
