import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { startGoogle, type GoogleBed } from '../beds/google.ts';
import { freePort, type Env, type Outcome } from '../beds/process.ts';
import { googleClients, python, runGoogle, type GoogleClient } from './google-clients.ts';
import { addRobot, googleHome, PROJECT, registerWords, ROBOT } from './google-home.ts';
import { addJob, addPerson, addTarget } from './google-identities.ts';
import { execWords, type Installation, type Service } from './harness.ts';
import { leakSearch } from './leak-search.ts';

/*
 * Private keys, refresh tokens, a foreign identity token, and every token that Google gave: daemon,
 * command line and clients walk good ways and bad ones; then every byte that any of them left behind
 * is searched for them.
 */

const NAMES = ['data', 'person', 'job', 'target'] as const;
const IN_FILE = 'plantedInConnectorFile0123456789abcdefgh';
const NODE = googleClients.find(({ name }) => name === 'google-auth-library') as GoogleClient;

const search = leakSearch([IN_FILE]);
const { secrets, hear } = search;

let bed: GoogleBed;
let home: Installation;
let daemon: Service;
let listener: string;
let key: string;
let login: string;

/** A line of a key in any spelling would do; the first is the same for all. */
function plantKey(pem: string): void {
  for (const line of pem.split('\n').slice(2)) if (line.length === 64) secrets.add(line);
}

beforeAll(async () => {
  bed = await startGoogle();
  home = await googleHome(bed);
  const robot = addRobot(bed);
  const person = addPerson(bed);
  const job = await addJob(bed, home);
  const { email: target } = addTarget(bed);
  const member = `serviceAccount:${ROBOT}`;
  bed.google.accounts.grant({ member, role: 'tokenCreator', on: target });

  const keyFile = robot.keyFile();
  plantKey(String(keyFile['private_key']));
  secrets.add(job.token);
  secrets.add(person.client.clientSecret);
  secrets.add(person.authorizedUser().refresh_token);
  key = JSON.stringify(keyFile);
  login = JSON.stringify(person.authorizedUser());

  listener = `127.0.0.1:${await freePort()}`;
  const grants = NAMES.map((connector) => ({ connector }));
  await home.writeConfig({
    log: { level: 'debug' },
    listeners: [{ address: listener }],
    workloads: { dev: { grants, clients: [{ listener }] } },
  });
  daemon = await home.serve({ inside: bed.namespace.inside });
  const project = `--project-id=${PROJECT}`;
  const federation = { external_account_json: job.impersonating() };
  const source = { service_account_json: key };
  await register('data', 'service-account', source);
  await register('person', 'user-account', { user_account_json: login }, project);
  await register('job', 'external-account', federation);
  await register('target', 'impersonation', source, `--target-principal=${target}`);
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
  ...[name, method, given, ...words]: Parameters<typeof registerWords> extends [unknown, ...infer R]
    ? R
    : never
): Promise<void> {
  const outcome = await cli(await registerWords(home, name, method, given, ...words));
  expect({ name, ...outcome }).toMatchObject({ name, status: 0 });
}

const verifyAll = () => Promise.all(NAMES.map((name) => cli(['connector', 'verify', name])));

const SERVER = '/computeMetadata/v1/instance/service-accounts';

/** Asks the metadata server; its answer holds what it is asked for, so only refusals are noted. */
async function metadata(path: string): Promise<string> {
  const words = ['curl', '-sS', '-i', '--max-time', '20', '-H', 'Metadata-Flavor: Google'];
  const { stdout } = await runGoogle([...words, `http://${listener}${path}`], bed.trust, {
    inside: bed.namespace.inside,
  });
  const good = stdout.startsWith('HTTP/1.1 200');
  if (!good || !/\/(token|identity)/.test(path)) hear(path, stdout);
  return stdout;
}

const client = (one: GoogleClient, env: Env, ...args: readonly string[]) =>
  one.run('get', args, { ...bed.trust, ...env }, { inside: bed.namespace.inside });

it('good ways: each client gets its token', async () => {
  for (const output of ['table', 'json', 'yaml']) {
    await cli(['connector', 'list', '--output', output]);
    await Promise.all(NAMES.map((name) => cli(['connector', 'describe', name, '-o', output])));
    await cli(['connector', 'describe', 'data', '--resource-id', 'gs://alpha', '-o', output]);
  }
  for (const { status } of await verifyAll()) expect(status).toBe(0);
  await cli(['connector', 'list-resources', 'data', '--resource-type=gcs-bucket']);

  const listing = await metadata(`${SERVER}/`);
  for (const account of listing.split('\r\n\r\n')[1]?.trim().split('\n') ?? []) {
    expect(await metadata(`${SERVER}/${account}token`)).toMatch(/^HTTP\/1\.1 200/);
    await metadata(`${SERVER}/${account}?recursive=true`);
    await metadata(`${SERVER}/${account}identity?audience=https://a.example`);
  }
  await metadata('/computeMetadata/v1/?recursive=true');

  const env = await home.variables('--grant', 'data=gs://alpha:read');
  for (const one of [python, NODE]) {
    search.hearOutcome(one.name, await client(one, env, 'alpha', 'hello.txt'));
    search.hearOutcome(`${one.name}, refused`, await client(one, env, 'beta', 'hello.txt'));
  }
});

it('bad ways: each is refused', async () => {
  const pem = String((JSON.parse(key) as Record<string, unknown>)['private_key']);
  const damaged = [
    key.slice(0, key.length / 2),
    `${key}${key}`,
    key.replace('service_account', 'another_account'),
    key.replace('https://oauth2.googleapis.com', 'https://oauth2.example'),
    key.replace('BEGIN PRIVATE KEY', 'BEGIN PUBLIC KEY'),
    key.replace('MII', 'XXX'),
    pem,
    login,
    login.slice(0, -1),
    login.replace('refresh_token', 'refresh_tokens'),
  ];
  const methods = [
    ['service-account', 'service_account_json'],
    ['user-account', 'user_account_json'],
    ['external-account', 'external_account_json'],
  ] as const;
  const refused = async (index: number, which: number): Promise<void> => {
    const [method = '', field = ''] = methods[which] ?? [];
    const given = { [field]: damaged[index] ?? '' };
    const words = await registerWords(home, `bad-${index}`, method, given, '--no-verify');
    expect({ index, method, status: (await cli(words)).status }).toMatchObject({ status: 2 });
  };
  for (const [index, text] of damaged.entries()) {
    const fitting = methods
      .map((_, which) => which)
      .filter((which) => which !== 1 || text !== login);
    await Promise.all(fitting.map((which) => refused(index, which)));
  }
  await cli(['connector', 'register', 'argv', '--type=gcp', `--service-account-json=${key}x`]);
  await cli(['connector', 'register', 'argv', '--type=gcp', `--service-key=${key}`]);

  const file = join(home.home, 'connectors/person.yaml');
  const good = await readFile(file, 'utf8');
  await writeFile(file, `${good}\nuser_account_json: ${IN_FILE}\n`);
  await cli(['connector', 'verify', 'person']);
  await writeFile(file, `secret: [${IN_FILE}`);
  await cli(['connector', 'describe', 'person']);
  await writeFile(file, good);
});

it('a Google that fails, and echoes what it was sent', async () => {
  const { faults } = bed.google;
  const cold = await home.variables('--grant', 'data=gs://alpha/cold/:read');
  for (const body of ['malformed', 'html', 'oversized'] as const) {
    faults.add('*', { kind: 'body', body });
    search.hearOutcome(`node, ${body}`, await client(NODE, cold, 'alpha', 'cold/a.txt'));
    await verifyAll();
    faults.clear();
  }
  for (const secret of secrets) {
    const message = `that was ${secret}`;
    if (secret.length < 200) faults.add('oauth2:*', { kind: 'error', status: 400, message }, 4);
  }
  await verifyAll();
  await metadata(`${SERVER}/default/identity?audience=https://b.example`);
  faults.clear();
  const { google } = bed;
  google.accounts.findAccount(ROBOT)?.keys.clear();
  expect((await cli(['connector', 'verify', 'data'])).status).not.toBe(0);
  await metadata(
    `${SERVER}/default/token?scopes=https://www.googleapis.com/auth/devstorage.read_only`,
  );
  await metadata(`${SERVER}/nobody@example.org/token`);
  await metadata(`${SERVER}/default/token?scopes=https://www.googleapis.com/auth/drive`);
  await cli(['status', '-o', 'json']);
});

it('a running exec shows nothing to who looks at processes', async () => {
  const script = 'tr "\\0" "\\n" < /proc/$PPID/cmdline; tr "\\0" "\\n" < /proc/$PPID/environ; env';
  const child = await home.run([...execWords('data').slice(1), 'sh', '-c', script]);
  expect(child.stdout).toMatch(/exec\n--grant\n[^]*VALETKEY_HOME=[^]*GCE_METADATA_HOST=/);
  search.hearOutcome('cmdline and environ of exec', child);
});

it('none of it is to be found afterwards', async () => {
  for (const { token } of bed.google.tokens.issued()) secrets.add(token);
  hear('the daemon', await daemon.output());
  hear('metrics', await daemon.metrics());
  for (const name of ['cmdline', 'environ'])
    hear(name, await readFile(`/proc/${daemon.pid}/${name}`, 'utf8'));
  const onPurpose = (path: string) => path.includes('/run/tokens/');
  await search.hearFiles(home.home, onPurpose);
  for (const name of ['audit.jsonl', 'secrets.age', 'data.yaml'])
    expect(search.places()).toContainEqual(expect.stringMatching(new RegExp(`/${name}$`)));

  expect(secrets.size).toBeGreaterThan(30);
  expect(search.found()).toEqual([]);
  hear('control', key);
  expect(search.found().length).toBeGreaterThan(10);
});
