import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { googleAccount } from '../../src/core/token-account.ts';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { openInProcess } from '../../src/composition/in-process.ts';
import { testGoogle } from '../support/google.ts';
import { temporaryHome } from '../support/home.ts';

const READ = 'https://www.googleapis.com/auth/devstorage.read_only';

async function setup(store = 'memory') {
  const world = await testGoogle();
  const home = await temporaryHome();
  const env = { ...world.env, VALETKEY_HOME: home, HOME: home, VALETKEY_STORE: store };
  const { api, stop } = await openInProcess({ env, version: 'test', clock: world.clock });
  onTestFinished(stop);
  const register = (attributes: Record<string, string>, more: object = {}) =>
    api.register({
      name: 'gcp-dev',
      type: 'gcp',
      auth_method: 'service-account',
      attributes,
      ...more,
    });
  const accountOf = async () => {
    const { profiles } = await api.workloadProfiles({ grants: [{ connector: 'gcp-dev' }] });
    return profiles[0]?.account;
  };
  const configuration = async () =>
    (await api.describeConnector({ name: 'gcp-dev' })).configuration;
  return { ...world, api, home, register, accountOf, configuration };
}

describe('what a key file tells of itself', () => {
  const other = (world: Awaited<ReturnType<typeof setup>>) =>
    world.google.accounts.addServiceAccount({ name: 'other', project: 'lab-2222' });

  test('a key of another account: e-mail and project are those of the new one', async () => {
    const world = await setup();
    await world.register(world.keyAttributes);
    expect(await world.configuration()).toMatchObject({ account_email: world.robot.email });
    const next = other(world);
    await world.api.update({
      name: 'gcp-dev',
      attributes: { service_account_json: JSON.stringify(next.keyFile()) },
      verify: false,
    });
    expect(await world.configuration()).toMatchObject({
      account_email: next.email,
      project_id: 'lab-2222',
    });
    expect(googleAccount(await world.accountOf())?.email).toBe(next.email);
  });

  test('a project that a person chose stays, also when the key is replaced', async () => {
    const world = await setup();
    await world.register({ ...world.keyAttributes, project_id: 'billing-7' });
    const next = other(world);
    await world.api.update({
      name: 'gcp-dev',
      attributes: { service_account_json: JSON.stringify(next.keyFile()) },
      verify: false,
    });
    expect(await world.configuration()).toMatchObject({
      account_email: next.email,
      project_id: 'billing-7',
    });
  });

  test('what is given in the same command wins; what is cleared is told by the key again', async () => {
    const world = await setup();
    await world.register({ ...world.keyAttributes, project_id: 'billing-7' });
    const next = other(world);
    await world.api.update({
      name: 'gcp-dev',
      attributes: {
        service_account_json: JSON.stringify(next.keyFile()),
        project_id: 'third-333',
      },
      verify: false,
    });
    expect(await world.configuration()).toMatchObject({ project_id: 'third-333' });
    await world.api.update({ name: 'gcp-dev', remove: ['project_id'], verify: false });
    expect(await world.configuration()).toMatchObject({ project_id: 'lab-2222' });
  });

  test('another account to impersonate: its project', async () => {
    const { api, configuration, keyAttributes } = await setup();
    const target = (project: string) => `deploy@${project}.iam.gserviceaccount.com`;
    await api.register({
      name: 'gcp-dev',
      type: 'gcp',
      auth_method: 'impersonation',
      attributes: { ...keyAttributes, target_principal: target('lab-2222') },
      verify: false,
    });
    expect(await configuration()).toMatchObject({ project_id: 'lab-2222' });
    const attributes = { target_principal: target('third-333') };
    await api.update({ name: 'gcp-dev', attributes, verify: false });
    expect(await configuration()).toMatchObject({ project_id: 'third-333' });
  });

  test('another description changes nothing of it', async () => {
    const world = await setup();
    await world.register(world.keyAttributes);
    const before = await world.configuration();
    await world.api.update({ name: 'gcp-dev', description: 'a note', verify: false });
    expect(await world.configuration()).toEqual(before);
  });

  test('a record of somebody’s own for a key that is mounted: told from the key', async () => {
    const world = await setup('mounted-files');
    const folder = join(world.home, 'mounted', 'gcp-dev');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'service_account_json'), world.keyFile());
    await world.register({});
    const file = join(world.home, 'connectors', 'gcp-dev.yaml');
    const text = await readFile(file, 'utf8');
    expect(text).not.toContain('private_key');
    await writeFile(file, text.replace(/ +(account_email|project_id): .*\n/g, ''));
    expect(await world.configuration()).not.toHaveProperty('account_email');
    expect(await world.accountOf()).toMatchObject({
      email: world.robot.email,
      projectId: world.project,
    });
    expect((await world.api.describeClient({ name: 'gcp-dev' })).principal).toBe(world.robot.email);
  });

  test('the same with a key that cannot be read: what the file says is told', async () => {
    const world = await setup('mounted-files');
    const folder = join(world.home, 'mounted', 'gcp-dev');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'service_account_json'), world.keyFile());
    await world.register({});
    const file = join(world.home, 'connectors', 'gcp-dev.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/ +account_email: .*\n/, ''));
    await writeFile(join(folder, 'service_account_json'), '{"type":');
    expect(await world.accountOf()).toMatchObject({ projectId: world.project });
  });
});

describe('the client’s view', () => {
  test('the whole account: scopes, no narrowing', async () => {
    const { api, register, keyAttributes, robot, project } = await setup();
    const { verified } = await register(keyAttributes);
    expect(verified).toMatchObject({ principal: robot.email, accountId: project });
    expect(await api.describeClient({ name: 'gcp-dev' })).toMatchObject({
      kind: 'access-token',
      credentialId: expect.stringMatching(/^tok-/),
      principal: robot.email,
      scopes: expect.arrayContaining(['https://www.googleapis.com/auth/cloud-platform']),
    });
  });

  test('a bucket: the boundary that narrows it', async () => {
    const { api, register, keyAttributes } = await setup();
    await register(keyAttributes);
    const view = await api.describeClient({
      name: 'gcp-dev',
      resource_id: 'gs://zenfiles',
      access: 'read',
    });
    expect(view).toMatchObject({ narrowed: true });
    expect(JSON.stringify(view.scope)).toContain('projects/_/buckets/zenfiles');
  });
});

describe('narrowing', () => {
  test('a token signed here cannot be narrowed to a bucket: registration says so', async () => {
    const { register, keyAttributes } = await setup();
    const bucket = { resource_type: 'gcs-bucket', resource_id: 'gs://zenfiles', verify: false };
    const attributes = { ...keyAttributes, self_signed: 'true' };
    await expect(register(attributes, bucket)).rejects.toMatchObject({
      code: 'SCOPE_UNSUPPORTED',
      reason: expect.stringContaining('gs://zenfiles'),
    });
    const { warnings } = await register(attributes, { ...bucket, allow_unscoped: true });
    expect(warnings.join()).toContain('cannot be narrowed');
  });

  test('the same method with Google’s tokens can', async () => {
    const { register, keyAttributes } = await setup();
    const bucket = { resource_type: 'gcs-bucket', resource_id: 'gs://zenfiles', verify: false };
    const { warnings } = await register(keyAttributes, bucket);
    expect(warnings.join()).not.toContain('narrowed');
  });

  test('describe-type tells the methods whose configuration decides', async () => {
    const { api } = await setup();
    const [gcp] = await api.listTypes({ type: 'gcp' });
    const narrows = (kind: string) =>
      gcp?.authMethods.find((method) => method.kind === kind)?.narrows;
    expect(narrows('service-account')).toBe('depends');
    expect(narrows('user-account')).toBe('yes');
  });
});

test('--auto-configure in a shell that env has led: the person’s own files, not those in their place', async () => {
  const { api, home, userFile, env: upstream } = await setup();
  const gcloud = join(home, '.config', 'gcloud');
  await mkdir(gcloud, { recursive: true });
  const file = join(gcloud, 'application_default_credentials.json');
  await writeFile(file, userFile, { mode: 0o600 });
  const env = { ...upstream, HOME: home, CLOUDSDK_CONFIG: join(home, 'run', 'gcloud', 'dev') };
  const found = await api.autoConfigure({
    type: 'gcp',
    env,
    attributes: { project_id: 'lab-2222' },
  });
  expect(found).toMatchObject({ authMethod: 'user-account' });
  expect(found.origin).toContain('application_default_credentials.json');
});

test('a grant’s scopes and audiences are in the status of a configured workload', async () => {
  const world = await testGoogle();
  const home = await temporaryHome(
    'workloads:\n  dev:\n    grants:\n' +
      `      - { connector: gcp-dev, scopes: [${READ}], audiences: ['https://a.example'] }\n`,
  );
  const env = { ...world.env, VALETKEY_HOME: home, HOME: home };
  const { api, stop } = await openInProcess({ env, version: 'test', ephemeral: true });
  onTestFinished(stop);
  expect((await api.status({})).workloads).toEqual([
    {
      name: 'dev',
      grants: [`gcp-dev scopes ${READ} audiences https://a.example`],
      error: expect.objectContaining({ code: 'CONNECTOR_NOT_FOUND' }),
    },
  ]);
});

describe('what is stored runs out on a day of its own', () => {
  const TOKEN = { token: 'ya29.first', project_id: 'data-prod' };
  const DAY = '2027-01-31';

  test('another token needs another day', async () => {
    const { api, register } = await setup();
    await register(TOKEN, { auth_method: 'oauth2-token', expires_at: DAY, verify: false });
    const update = { name: 'gcp-dev', attributes: { token: 'ya29.next' }, verify: false };
    await expect(api.update(update)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      subject: 'expires_at',
    });
    const { connector } = await api.update({ ...update, expires_at: '2027-02-01' });
    expect(connector.expiresAt).toBe('2027-02-01T00:00:00.000Z');
    const renamed = await api.update({ name: 'gcp-dev', labels: { team: 'ml' }, verify: false });
    expect(renamed.connector.expiresAt).toBe('2027-02-01T00:00:00.000Z');
  });

  test('another method does not inherit it', async () => {
    const { api, register, keyAttributes } = await setup();
    await register(TOKEN, { auth_method: 'oauth2-token', expires_at: DAY, verify: false });
    const { connector } = await api.update({
      name: 'gcp-dev',
      auth_method: 'service-account',
      attributes: keyAttributes,
    });
    expect(connector.expiresAt).toBeUndefined();
  });

  test.each(['2027-02-30', '2027-13-01', '2027-04-31 12:00:00', '2027-02-29T00:00:00+02:00'])(
    '%s is no day',
    async (expires_at) => {
      const { register } = await setup();
      const work = register(TOKEN, { auth_method: 'oauth2-token', expires_at, verify: false });
      await expect(work).rejects.toMatchObject({
        subject: 'expires_at',
        reason: 'it is not a date',
      });
    },
  );
});

describe('scopes that a client chose', () => {
  const WIDE = 'https://www.googleapis.com/auth/cloud-platform';

  test('are judged anew when the token is issued: the connector may be limited since', async () => {
    const { api, register, keyAttributes, google } = await setup();
    await register(keyAttributes, { verify: false });
    const issue = (scope: string, resource: object = {}) =>
      api.issue({
        request: {
          connector: 'gcp-dev',
          resources: [{ type: 'gcp-generic', access: 'full', ...resource }],
          token: { kind: 'access-token', scopes: [scope] },
        },
        evidence: { workload: 'dev', by: 'exec', endpoint: 'gce-metadata' },
      });
    expect((await issue(WIDE)).credential).toMatchObject({ scopes: [WIDE] });
    await api.update({ name: 'gcp-dev', attributes: { scopes: READ }, verify: false });
    const asked = google.log.length;
    await expect(issue(WIDE)).rejects.toMatchObject({ code: 'SCOPE_NOT_GRANTED', subject: WIDE });
    await expect(issue(WIDE, { scopes: [READ] })).rejects.toMatchObject({ subject: WIDE });
    expect(google.log.length).toBe(asked);
    expect((await issue(READ)).credential).toMatchObject({ scopes: [READ] });
  });
});

test('a connector that may only read can be for a bucket, be verified and list', async () => {
  const { api, register, keyAttributes } = await setup();
  const { verified } = await register({ ...keyAttributes, scopes: READ });
  const buckets = { resourceType: 'gcs-bucket', resourceIds: ['gs://payroll', 'gs://zenfiles'] };
  expect(verified?.resources).toContainEqual(expect.objectContaining(buckets));
  expect(await api.listResources({ name: 'gcp-dev', resource_type: 'gcs-bucket' })).toEqual([
    expect.objectContaining(buckets),
  ]);
  const bound = { resource_type: 'gcs-bucket', verify: false };
  const { connector } = await api.update({ name: 'gcp-dev', ...bound });
  expect(connector.resourceTypes).toEqual(['gcs-bucket']);
  const writing = api.describeClient({ name: 'gcp-dev', access: 'write' });
  await expect(writing).rejects.toMatchObject({ code: 'OUT_OF_SCOPE' });
});
