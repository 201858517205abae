import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';

import { freePort } from '../beds/process.ts';
import { clientVariables } from '../../src/composition/client-variables.ts';
import type { Mode } from '../../src/composition/client-variables.ts';
import type { WorkloadAccess } from '../../src/control/api.ts';
import { testDaemon } from '../support/daemon.ts';
import type { TestDaemon } from '../support/daemon.ts';
import { testGoogle } from '../support/google.ts';
import { get } from '../support/http.ts';

const READ = 'https://www.googleapis.com/auth/devstorage.read_only';
const V1 = '/computeMetadata/v1';
const GOOGLE = { 'Metadata-Flavor': 'Google' };

async function setup(config: (ports: readonly string[]) => object = () => ({})) {
  const world = await testGoogle();
  const ports = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const daemon = await testDaemon({
    env: world.env,
    clock: world.clock,
    config: stringify({ listeners: ports.map((address) => ({ address })), ...config(ports) }),
  });
  await daemon.api.register({
    name: 'gcp-dev',
    type: 'gcp',
    auth_method: 'service-account',
    attributes: world.keyAttributes,
  });
  return { world, daemon, ports };
}

function variablesOf(daemon: TestDaemon, access: WorkloadAccess, mode?: Mode) {
  return clientVariables(access, mode, {
    env: { HOME: daemon.home },
    now: Date.now(),
    directory: join(daemon.home, 'run'),
  });
}

/** As a client that was told the variables alone. */
async function ask(set: Readonly<Record<string, string>>, path: string) {
  const { status, body } = await get(`http://${set['GCE_METADATA_HOST']}${V1}${path}`, GOOGLE);
  return { status, text: body };
}

function answers(url: string): Promise<boolean> {
  return get(url).then(
    () => true,
    () => false,
  );
}

async function audited(daemon: TestDaemon) {
  const text = await readFile(join(daemon.home, 'audit.jsonl'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('env for an unnamed workload', () => {
  test('a listener of its own knows it without a secret', async () => {
    const { world, daemon } = await setup();
    const access = await daemon.api.openWorkload({ grants: [{ connector: 'gcp-dev' }] });
    expect(access.clouds).toEqual(['google']);
    const { variables, warnings } = await variablesOf(daemon, access);
    expect(warnings).toEqual([]);
    expect(variables.set).toMatchObject({ GOOGLE_CLOUD_PROJECT: world.project });
    expect(variables.set).not.toHaveProperty('AWS_CONTAINER_CREDENTIALS_FULL_URI');
    expect(await ask(variables.set, '/instance/service-accounts/default/email')).toEqual({
      status: 200,
      text: world.robot.email,
    });
    const token = await ask(variables.set, '/instance/service-accounts/default/token');
    expect(JSON.parse(token.text)).toMatchObject({ token_type: 'Bearer' });
    const [record] = await audited(daemon);
    expect(record).toMatchObject({
      by: 'listener',
      uid: process.getuid?.(),
      connector: 'gcp-dev',
      credentialId: expect.stringMatching(/^tok-[0-9a-f]{20}$/),
      scopes: expect.arrayContaining(['https://www.googleapis.com/auth/cloud-platform']),
    });
    expect(JSON.stringify(record)).not.toContain('ya29.');
  });

  test('asked twice it is the same listener, and another workload has another', async () => {
    const { daemon } = await setup();
    const grants = [{ connector: 'gcp-dev' }];
    const [one, again, other] = await Promise.all([
      daemon.api.openWorkload({ grants }),
      daemon.api.openWorkload({ grants }),
      daemon.api.openWorkload({ grants: [{ connector: 'gcp-dev', scopes: [READ] }] }),
    ]);
    expect(again.gce?.baseUrl).toBe(one.gce?.baseUrl);
    expect(other.gce?.baseUrl).not.toBe(one.gce?.baseUrl);
    const { listeners } = await daemon.api.status({});
    expect(listeners.map(({ endpoints }) => endpoints).slice(2)).toEqual([
      ['gce-metadata', 'azure-imds'],
      ['gce-metadata', 'azure-imds'],
    ]);
    const narrow = await variablesOf(daemon, other);
    const wide = 'https://www.googleapis.com/auth/cloud-platform';
    const refused = await ask(
      narrow.variables.set,
      `/instance/service-accounts/default/token?scopes=${wide}`,
    );
    expect(refused.status).toBe(403);
  });

  test('the shared listener does not know it', async () => {
    const { daemon } = await setup();
    await daemon.api.openWorkload({ grants: [{ connector: 'gcp-dev' }] });
    const token = `${daemon.baseUrl}${V1}/instance/service-accounts/default/token`;
    expect((await get(token, GOOGLE)).status).toBe(403);
  });

  test('invariant 8: as many as there are unnamed workloads; the one opened longest ago closes', async () => {
    const { daemon } = await setup();
    const open = (name: string) =>
      daemon.api.openWorkload({
        grants: [{ connector: 'gcp-dev', audiences: [`https://${name}.example`] }],
      });
    const first = await open('first');
    for (let i = 0; i < 256; i += 1) await open(`other-${i}`);
    await expect.poll(() => answers(first.gce?.baseUrl ?? '')).toBe(false);
    expect((await daemon.api.status({})).listeners).toHaveLength(2 + 256);
    const again = await open('first');
    expect(await answers(again.gce?.baseUrl ?? '')).toBe(true);
  });

  test('it closes with the daemon', async () => {
    const { daemon } = await setup();
    const access = await daemon.api.openWorkload({ grants: [{ connector: 'gcp-dev' }] });
    await daemon.stop();
    await expect(get(access.gce?.baseUrl ?? '')).rejects.toThrow('ECONNREFUSED');
  });
});

describe('env for a configured workload', () => {
  const GRANTS = [{ connector: 'gcp-dev' }];

  test('the shared listener where it knows the workload, one of its own where it does not', async () => {
    const { world, daemon, ports } = await setup(([, second]) => ({
      workloads: {
        known: {
          grants: GRANTS,
          clients: [{ listener: second }],
          gcp: { project_id: 'billing-7' },
        },
        secret: { grants: GRANTS },
      },
    }));
    const known = await daemon.api.openWorkload({ workload: 'known' });
    expect(known.gce?.baseUrl).toBe(`http://${ports[1]}`);
    const { variables } = await variablesOf(daemon, known);
    expect(variables.set['GOOGLE_CLOUD_PROJECT']).toBe('billing-7');
    expect((await ask(variables.set, '/project/project-id')).text).toBe('billing-7');
    const secret = await daemon.api.openWorkload({ workload: 'secret' });
    expect(ports.map((port) => `http://${port}`)).not.toContain(secret.gce?.baseUrl);
    const own = await variablesOf(daemon, secret);
    expect((await ask(own.variables.set, '/project/project-id')).text).toBe(world.project);
  });

  test('a listener that two workloads share knows neither', async () => {
    const { daemon, ports } = await setup(([first]) => ({
      workloads: {
        one: { grants: GRANTS, clients: [{ listener: first }] },
        two: { grants: GRANTS, clients: [{ listener: first }] },
      },
    }));
    const access = await daemon.api.openWorkload({ workload: 'one' });
    expect(access.gce?.baseUrl).not.toBe(`http://${ports[0]}`);
    const { variables } = await variablesOf(daemon, access);
    expect((await ask(variables.set, '/instance/name')).text).toBe('one');
  });

  test('a workload that a reload takes away loses its listener', async () => {
    const { daemon } = await setup(() => ({ workloads: { one: { grants: GRANTS } } }));
    const access = await daemon.api.openWorkload({ workload: 'one' });
    const { listeners } = await daemon.api.status({});
    expect(listeners).toHaveLength(3);
    const config = (await readFile(join(daemon.home, 'config.yaml'), 'utf8')).replace(
      /workloads:[^]*/,
      '',
    );
    await writeFile(join(daemon.home, 'config.yaml'), config);
    await daemon.reload();
    await expect.poll(() => answers(access.gce?.baseUrl ?? '')).toBe(false);
    expect((await daemon.api.status({})).listeners).toHaveLength(2);
  });

  test('several accounts: by e-mail; a second one with the same e-mail is told', async () => {
    const { world, daemon } = await setup(() => ({
      workloads: {
        dev: {
          grants: [
            ...GRANTS,
            { connector: 'gcp-other', scopes: [READ] },
            { connector: 'gcp-dev', profile: 'bucket', resource_id: 'gs://zenfiles' },
          ],
        },
      },
    }));
    const other = world.google.accounts.addServiceAccount({ name: 'other', project: 'lab-2222' });
    await daemon.api.register({
      name: 'gcp-other',
      type: 'gcp',
      auth_method: 'service-account',
      attributes: { service_account_json: JSON.stringify(other.keyFile()) },
      verify: false,
    });
    const access = await daemon.api.openWorkload({ workload: 'dev' });
    const { variables, warnings } = await variablesOf(daemon, access);
    expect(warnings).toEqual([
      `clients get ${world.robot.email} unasked; ${other.email} where they name that account`,
      `no client can ask a metadata server for bucket: it is ${world.robot.email}, and so is gcp-dev; put it into a workload of its own`,
    ]);
    const accounts = '/instance/service-accounts';
    const listed = (await ask(variables.set, `${accounts}/`)).text.trim().split('\n');
    expect(new Set(listed)).toEqual(
      new Set(['default/', `${world.robot.email}/`, `${other.email}/`]),
    );
    expect((await ask(variables.set, `${accounts}/${other.email}/scopes`)).text).toContain(READ);
    const token = await ask(variables.set, `${accounts}/${other.email}/token`);
    expect(token.status).toBe(200);
    const issued = (await daemon.api.status({})).issued.find(
      ({ connector }) => connector === 'gcp-other',
    );
    expect(issued).toMatchObject({ scopes: [READ], heldBy: ['dev'] });
  });

  test('grants that cannot be used are told, until they can', async () => {
    const { world, daemon } = await setup(() => ({
      workloads: { dev: { grants: [{ connector: 'gcp-late' }] } },
    }));
    const dev = async () => (await daemon.api.status({})).workloads[0]?.error;
    expect(await dev()).toMatchObject({ code: 'CONNECTOR_NOT_FOUND', subject: 'gcp-late' });
    const access = await daemon.api.openWorkload({ workload: 'dev' });
    expect(access).toMatchObject({ clouds: [], problem: { code: 'CONNECTOR_NOT_FOUND' } });
    await daemon.api.register({
      name: 'gcp-late',
      type: 'gcp',
      auth_method: 'service-account',
      attributes: { service_account_json: world.keyFile() },
    });
    expect(await dev()).toBeUndefined();
    expect((await daemon.api.openWorkload({ workload: 'dev' })).clouds).toEqual(['google']);
  });

  test('what a connector is changed to is told at once', async () => {
    const { world, daemon } = await setup(() => ({ workloads: { dev: { grants: GRANTS } } }));
    const access = await daemon.api.openWorkload({ workload: 'dev' });
    const { variables } = await variablesOf(daemon, access);
    const project = () => ask(variables.set, '/project/project-id');
    expect((await project()).text).toBe(world.project);
    await daemon.api.update({ name: 'gcp-dev', attributes: { project_id: 'moved-1' } });
    expect((await project()).text).toBe('moved-1');
    const file = join(daemon.home, 'connectors', 'gcp-dev.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace('moved-1', 'by-hand-2'));
    await expect.poll(async () => (await project()).text).toBe('by-hand-2');
  });
});

describe('modes', () => {
  test('grants of both clouds: both sets of variables; or the one that is asked for', async () => {
    const { daemon } = await setup(() => ({
      workloads: { dev: { grants: [{ connector: 'gcp-dev' }] } },
    }));
    const access = await daemon.api.openWorkload({ workload: 'dev' });
    const both = { ...access, clouds: ['aws', 'google'] as const };
    const { variables } = await variablesOf(daemon, both);
    expect(variables.set).toMatchObject({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${access.baseUrl}/v1/credentials`,
      GCE_METADATA_HOST: access.gce?.baseUrl.replace('http://', ''),
    });
    const bypassed = new Set(variables.set['NO_PROXY']?.split(','));
    expect(bypassed).toContain('metadata.google.internal');
    expect(bypassed).toContain('169.254.170.2');
    expect(variables.clear.filter((name) => name in variables.set)).toEqual([]);
    const gce = await variablesOf(daemon, both, 'gce');
    expect(gce.variables.set).not.toHaveProperty('AWS_CONTAINER_CREDENTIALS_FULL_URI');
    const ecs = await variablesOf(daemon, both, 'ecs');
    expect(ecs.variables.set).not.toHaveProperty('GCE_METADATA_HOST');
    await expect(variablesOf(daemon, both, 'imds')).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      hint: 'it is served: ecs, gce',
    });
  });

  test('a person’s own gcloud folder: another one in its place, private, without old beliefs', async () => {
    const { daemon } = await setup();
    const access = await daemon.api.openWorkload({ grants: [{ connector: 'gcp-dev' }] });
    const gcloud = join(daemon.home, '.config/gcloud');
    await mkdir(gcloud, { recursive: true });
    await writeFile(join(gcloud, 'application_default_credentials.json'), '{}');
    const { variables, warnings } = await variablesOf(daemon, access);
    const folder = variables.set['CLOUDSDK_CONFIG'] ?? '';
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(warnings.join()).toContain('application_default_credentials.json');
    await writeFile(join(folder, 'gce'), 'False');
    await variablesOf(daemon, access);
    await expect(stat(join(folder, 'gce'))).rejects.toThrow('ENOENT');
  });
});
