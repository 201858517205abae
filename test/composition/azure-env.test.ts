import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';

import { clientVariables } from '../../src/composition/client-variables.ts';
import type { Mode } from '../../src/composition/client-variables.ts';
import type { WorkloadAccess } from '../../src/control/api.ts';
import { freePort } from '../beds/process.ts';
import { testAzure } from '../support/azure.ts';
import { testDaemon } from '../support/daemon.ts';
import type { TestDaemon } from '../support/daemon.ts';
import { temporaryHome } from '../support/home.ts';
import { get } from '../support/http.ts';

const STORAGE = 'https://storage.azure.com';
const ARM = 'https://management.azure.com';
const TOKEN = '/metadata/identity/oauth2/token';
const METADATA = { Metadata: 'true' };

type Set = Readonly<Record<string, string>>;

interface Bed {
  /** Two addresses; the first is a listener of its own accord. */
  readonly ports: readonly [string, string];
  readonly challenges: string;
}

async function setup(config: (bed: Bed) => object = () => ({})) {
  const world = await testAzure();
  const ports = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`] as const;
  const challenges = join(await temporaryHome(), 'tokens');
  const daemon = await testDaemon({
    env: world.env,
    clock: world.clock,
    config: stringify({
      listeners: [{ address: ports[0] }],
      ...config({ ports: [...ports], challenges }),
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
  return { world, daemon, ports, challenges, add };
}

function variablesOf(daemon: TestDaemon, access: WorkloadAccess, mode?: Mode) {
  return clientVariables(access, mode, {
    env: { HOME: daemon.home },
    now: Date.now(),
    directory: join(daemon.home, 'run'),
  });
}

function imds(set: Set, query: string) {
  const base = set['AZURE_POD_IDENTITY_AUTHORITY_HOST'];
  return get(`${base}${TOKEN}?api-version=2018-02-01&${query}`, METADATA);
}

function appService(set: Set, query: string) {
  const headers = { 'X-IDENTITY-HEADER': set['IDENTITY_HEADER'] ?? '' };
  return get(`${set['IDENTITY_ENDPOINT']}?api-version=2019-08-01&${query}`, headers);
}

function claimsOf(body: string): Record<string, unknown> {
  const { access_token: token } = JSON.parse(body) as { access_token: string };
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
}

describe('env', () => {
  test('App Service’s shape at the shared listener by the secret, IMDS at one of its own by the user', async () => {
    const { daemon } = await setup();
    const access = await daemon.api.openWorkload({ grants: [{ connector: 'azure-dev' }] });
    expect(access.clouds).toEqual(['azure']);
    expect(access.azure?.appService).toBe(daemon.baseUrl);
    expect(access.azure?.imds).not.toBe(daemon.baseUrl);
    const { variables, warnings } = await variablesOf(daemon, access);
    expect(warnings).toEqual([]);
    expect((await imds(variables.set, `resource=${STORAGE}`)).status).toBe(200);
    expect((await appService(variables.set, `resource=${STORAGE}`)).status).toBe(200);
    const { issued } = await daemon.api.status({});
    expect(issued).toMatchObject([
      { connector: 'azure-dev', audience: STORAGE, heldBy: [access.workload] },
    ]);
    const lines = (await readFile(join(daemon.home, 'audit.jsonl'), 'utf8')).trim().split('\n');
    const [record] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(record).toMatchObject({ by: 'listener', audience: STORAGE, uid: process.getuid?.() });
  });

  test('a workload without the secret: its listener alone, and that one where it is configured', async () => {
    const { daemon, ports } = await setup(({ ports: [, second] }) => ({
      listeners: [{ address: second, endpoints: ['azure-imds'] }],
      workloads: {
        dev: { grants: [{ connector: 'azure-dev' }], clients: [{ listener: second }] },
      },
    }));
    const access = await daemon.api.openWorkload({ workload: 'dev' });
    expect(access.azure).toMatchObject({ appService: undefined, imds: `http://${ports[1]}` });
    const { variables } = await variablesOf(daemon, access);
    expect(variables.set).not.toHaveProperty('IDENTITY_ENDPOINT');
    expect(variables.clear).toContain('IDENTITY_ENDPOINT');
    expect((await imds(variables.set, `resource=${ARM}`)).status).toBe(200);
  });

  test('modes: azure, or what there is instead', async () => {
    const { daemon } = await setup();
    const access = await daemon.api.openWorkload({ grants: [{ connector: 'azure-dev' }] });
    const { variables } = await variablesOf(daemon, access, 'azure');
    expect(variables.set).toHaveProperty('IDENTITY_ENDPOINT');
    await expect(variablesOf(daemon, access, 'gce')).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      hint: 'it is served: ecs, azure',
    });
    const without = { ...access, azure: undefined };
    await expect(variablesOf(daemon, without, 'azure')).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });

  test('a person’s own az login: another folder for this workload, and told; none: left as it is', async () => {
    const { daemon } = await setup();
    const access = await daemon.api.openWorkload({ grants: [{ connector: 'azure-dev' }] });
    const before = await variablesOf(daemon, access);
    expect(before.variables.set).not.toHaveProperty('AZURE_CONFIG_DIR');
    const own = join(daemon.home, '.azure');
    await mkdir(own);
    const user = { name: 'ada@example.com', type: 'user' };
    const profile = { subscriptions: [{ id: '1', user }] };
    await writeFile(join(own, 'azureProfile.json'), JSON.stringify(profile));
    const { variables, warnings } = await variablesOf(daemon, access);
    const folder = join(daemon.home, 'run/azure', access.workload);
    expect(variables.set['AZURE_CONFIG_DIR']).toBe(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(warnings.join()).toContain('ada@example.com');
  });
});

describe('several identities', () => {
  const GRANTS = ['azure-dev', 'azure-other', 'azure-again', 'azure-managed'];

  async function several() {
    const made = await setup(() => ({
      workloads: { dev: { grants: GRANTS.map((connector) => ({ connector })) } },
    }));
    const { world, daemon, add } = made;
    const app = world.azure.directory.addApp({ tenant: world.tenant.id, name: 'other' });
    const other = {
      tenant_id: world.tenant.id,
      client_id: app.clientId,
      client_secret: app.addSecret().value,
    };
    await add('azure-other', other);
    await add('azure-again', world.secretAttributes);
    const resource = `/subscriptions/${world.subscription.id}/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/train`;
    await add('azure-managed', { ...other, identity_resource_id: resource });
    const access = await daemon.api.openWorkload({ workload: 'dev' });
    const { variables, warnings } = await variablesOf(daemon, access);
    return { ...made, app, resource, set: variables.set, warnings };
  }

  test('the first unasked, others by an id of theirs; one that no client can name is told', async () => {
    const { world, app, resource, set, warnings } = await several();
    expect(warnings).toEqual([
      `clients get ${world.app.clientId} unasked; ${app.clientId}, ${resource.toLowerCase()} where they name that id`,
      `no client can ask for the managed identity azure-again: it is ${world.app.clientId}, and so is azure-dev; put it into a workload of its own`,
    ]);
    const first = await imds(set, `resource=${ARM}`);
    expect(claimsOf(first.body)).toMatchObject({ appid: world.app.clientId });
    const second = await appService(set, `resource=${ARM}&client_id=${app.clientId}`);
    expect(claimsOf(second.body)).toMatchObject({ appid: app.clientId });
    const third = await imds(set, `resource=${ARM}&msi_res_id=${resource}`);
    expect(third.status).toBe(200);
  });

  test('which connector answered is written down', async () => {
    const { daemon, resource, set } = await several();
    await imds(set, `resource=${ARM}&msi_res_id=${resource}`);
    const { issued } = await daemon.api.status({});
    expect(issued.map(({ connector }) => connector)).toEqual(['azure-managed']);
  });
});

describe('challenges', () => {
  async function arc(more: object = {}) {
    return setup(({ ports: [first, second], challenges }) => ({
      listeners: [{ address: first }, { address: second, endpoints: ['azure-arc'] }],
      azure_arc: { token_directory: challenges },
      workloads: {
        dev: { grants: [{ connector: 'azure-dev' }], clients: [{ challenge: second, ...more }] },
      },
    }));
  }

  function url(ports: readonly [string, string]): string {
    return `http://${ports[1]}${TOKEN}?api-version=2019-11-01&resource=${ARM}`;
  }

  test('who can read the file is let in, once; what is unread is gone with the daemon', async () => {
    const { daemon, ports, challenges } = await arc();
    const first = await get(url(ports), METADATA);
    expect(first.status).toBe(401);
    const file = /^Basic realm=(.+)$/.exec(String(first.headers['www-authenticate']))?.[1] ?? '';
    expect(file.startsWith(`${challenges}/`)).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const key = await readFile(file, 'utf8');
    const shown = { ...METADATA, Authorization: `Basic ${key}` };
    expect((await get(url(ports), shown)).status).toBe(200);
    expect((await get(url(ports), shown)).status).toBe(401);
    expect(await readdir(challenges)).not.toEqual([]);
    await daemon.stop();
    expect(await readdir(challenges)).toEqual([]);
  });

  test('another folder needs a restart, and says so', async () => {
    const { daemon, challenges } = await arc();
    const file = join(daemon.home, 'config.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(challenges, `${challenges}-2`));
    await expect(daemon.reload()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      subject: 'azure_arc',
    });
  });

  test('a file for another user: his alone where the daemon may give it, else an error and no token', async () => {
    const { ports, challenges } = await arc({ uid: 4_242 });
    const { status, body } = await get(url(ports), METADATA);
    const files = await readdir(challenges);
    if (process.getuid?.() === 0) {
      expect(status).toBe(401);
      const [file = ''] = files;
      expect(await stat(join(challenges, file))).toMatchObject({ uid: 4_242, mode: 0o100600 });
    } else {
      expect(status).toBeGreaterThan(401);
      expect(JSON.parse(body)).toHaveProperty('error');
      expect(files).toEqual([]);
    }
  });
});
