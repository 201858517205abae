import { access, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';

import { openInProcess } from '../../src/composition/in-process.ts';
import { openPrivateEndpoint } from '../../src/composition/private-endpoint.ts';
import type { Inputs } from '../../src/control/schema.ts';
import { testCloud } from '../support/cloud.ts';
import { testGoogle } from '../support/google.ts';
import { temporaryHome } from '../support/home.ts';
import { get } from '../support/http.ts';

const PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';
const READ = 'https://www.googleapis.com/auth/devstorage.read_only';
const V1 = '/computeMetadata/v1';
const GOOGLE = { 'Metadata-Flavor': 'Google' };

/** Connectors of both clouds in a process without a daemon, and the private endpoint of `exec`. */
async function setup(config?: object) {
  const aws = await testCloud();
  const google = await testGoogle();
  const home = await temporaryHome(config === undefined ? undefined : stringify(config));
  const env = { ...aws.env, ...google.env, VALETKEY_HOME: home, HOME: home };
  const { clock } = google;
  const inProcess = await openInProcess({ env, version: 'test', clock, ephemeral: true });
  onTestFinished(inProcess.stop);
  const { api } = inProcess;
  const gcp = { type: 'gcp', auth_method: 'service-account', verify: false };
  await api.register({ name: 'gcp-dev', ...gcp, attributes: google.keyAttributes });
  await api.register({
    name: 'gcp-person',
    type: 'gcp',
    auth_method: 'user-account',
    attributes: { ...google.userAttributes, account_email: google.person.email },
    verify: false,
  });
  await api.register({
    name: 'aws-dev',
    type: 'aws',
    auth_method: 'iam-role',
    attributes: aws.roleAttributes,
    verify: false,
  });
  const open = async (target: Inputs['openWorkload']) => {
    const endpoint = await openPrivateEndpoint(target, { api, clock, env: { HOME: home } });
    onTestFinished(endpoint.stop);
    return endpoint;
  };
  return { aws, google, home, open, api, clock };
}

const ask = (set: Readonly<Record<string, string>>, path: string) =>
  get(`http://${set['GCE_METADATA_HOST']}${V1}${path}`, GOOGLE);

describe('exec with a grant of Google’s', () => {
  test('a metadata server that tells its own user’s processes from others by the kernel’s word', async () => {
    const { google, open } = await setup();
    const { variables, warnings } = await open({ grants: [{ connector: 'gcp-dev' }] });
    expect(warnings).toEqual([]);
    expect(variables.set).toMatchObject({ GOOGLE_CLOUD_PROJECT: google.project });
    expect(variables.set).not.toHaveProperty('AWS_CONTAINER_CREDENTIALS_FULL_URI');
    const email = await ask(variables.set, '/instance/service-accounts/default/email');
    expect(email).toMatchObject({ status: 200, body: google.robot.email });
    const asked = google.google.log.length;
    const token = await ask(variables.set, '/instance/service-accounts/default/token');
    expect(JSON.parse(token.body)).toMatchObject({ token_type: 'Bearer', expires_in: 3599 });
    expect(google.google.log).toHaveLength(asked); // warmed up before
  });

  test('what a workload is told is made once, not for each request', async () => {
    const { api, clock, home } = await setup();
    let reads = 0;
    const counting: typeof api = {
      ...api,
      async workloadProfiles(input) {
        const { profiles, ...rest } = await api.workloadProfiles(input);
        const counted = () => ((reads += 1), profiles);
        return Object.defineProperty({ ...rest, profiles }, 'profiles', { get: counted });
      },
    };
    const target = { grants: [{ connector: 'gcp-dev' }] };
    const { variables, stop } = await openPrivateEndpoint(target, {
      api: counting,
      clock,
      env: { HOME: home },
    });
    onTestFinished(stop);
    const before = reads;
    for (let i = 0; i < 5; i += 1) {
      const token = await ask(variables.set, '/instance/service-accounts/default/token');
      expect(token.status).toBe(200);
    }
    expect(reads).toBe(before);
  });

  test('gcloud’s folder is the child’s own, empty, and gone afterwards', async () => {
    const { open } = await setup();
    const { variables, stop } = await open({ grants: [{ connector: 'gcp-dev' }] });
    const folder = variables.set['CLOUDSDK_CONFIG'] ?? '';
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    await stop();
    await expect(access(folder)).rejects.toThrow('ENOENT');
  });

  test('a person’s own default credentials: told, with whom the other folder does not help', async () => {
    const { home, open } = await setup();
    const file = join(home, '.config/gcloud/application_default_credentials.json');
    await mkdir(join(home, '.config/gcloud'), { recursive: true });
    await writeFile(file, '{"type":"authorized_user"}');
    const { warnings } = await open({ grants: [{ connector: 'gcp-dev' }] });
    expect(warnings).toEqual([
      `your own gcloud configuration would win over the granted credentials (${file}), so CLOUDSDK_CONFIG points to another folder, without your settings`,
      `${file} still wins in programs that look there whatever CLOUDSDK_CONFIG says (Go, so Terraform and rclone; Ruby, PHP, C++): move it away for those`,
    ]);
  });

  test('scopes and identity that the child chooses are issued and recorded as chosen', async () => {
    const { home, open } = await setup();
    const { variables } = await open({ grants: [{ connector: 'gcp-dev' }] });
    const account = '/instance/service-accounts/default';
    const token = await ask(variables.set, `${account}/token?scopes=${READ}`);
    expect(token.status).toBe(200);
    const identity = await ask(variables.set, `${account}/identity?audience=https://a.example`);
    expect(identity.body.split('.')).toHaveLength(3);
    const trail = (await readFile(join(home, 'audit.jsonl'), 'utf8')).trim().split('\n');
    expect(trail.map((line) => JSON.parse(line) as object)).toMatchObject([
      { by: 'control', scopes: expect.arrayContaining([PLATFORM]) },
      { by: 'control', scopes: [READ] },
      { by: 'control', audience: 'https://a.example' },
    ]);
    for (const secret of [JSON.parse(token.body).access_token, identity.body]) {
      expect(trail.join()).not.toContain(secret);
    }
  });

  test('a configured workload: the instance it is told, and its accounts by e-mail', async () => {
    const { google, open } = await setup({
      workloads: {
        train: {
          grants: [{ connector: 'gcp-dev' }, { connector: 'gcp-person' }],
          gcp: { zone: 'europe-west4-a', attributes: { stage: 'test' }, project_id: 'billing-7' },
        },
      },
    });
    const { variables, warnings } = await open({ workload: 'train' });
    expect(warnings).toEqual([
      `clients get ${google.robot.email} unasked; ${google.person.email} where they name that account`,
    ]);
    const { set } = variables;
    expect(set['GOOGLE_CLOUD_PROJECT']).toBe('billing-7');
    expect((await ask(set, '/project/project-id')).body).toBe('billing-7');
    expect((await ask(set, '/instance/zone')).body).toMatch(/zones\/europe-west4-a$/);
    expect((await ask(set, '/instance/attributes/stage')).body).toBe('test');
    const person = `/instance/service-accounts/${google.person.email}`;
    expect((await ask(set, `${person}/token`)).status).toBe(200);
  });

  test('where the kernel does not say who asks, it is refused, and AWS alone is not', async () => {
    const { open } = await setup();
    const { platform } = process;
    onTestFinished(() => void Object.defineProperty(process, 'platform', { value: platform }));
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    await expect(open({ grants: [{ connector: 'gcp-dev' }] })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      hint: expect.stringContaining('any_user'),
    });
    await expect(open({ grants: [{ connector: 'aws-dev' }] })).resolves.toBeDefined();
  });

  test('a denied grant is told before the child starts', async () => {
    const { google, open } = await setup();
    google.robot.disable();
    await expect(open({ grants: [{ connector: 'gcp-dev' }] })).rejects.toMatchObject({
      code: expect.stringMatching(/^UPSTREAM_/),
      subject: 'gcp-dev',
    });
  });
});

test('grants of both clouds: two endpoints at one address, each warmed up', async () => {
  const { aws, google, open } = await setup();
  const { variables, warnings } = await open({
    grants: [{ connector: 'aws-dev', resource_id: 's3://zenfiles' }, { connector: 'gcp-dev' }],
  });
  expect(warnings).toEqual([]);
  const { set } = variables;
  expect(set['AWS_CONTAINER_CREDENTIALS_FULL_URI']).toBe(
    `http://${set['GCE_METADATA_HOST']}/v1/credentials`,
  );
  const [sessions, calls] = [aws.aws.accounts.sessions().length, google.google.log.length];
  const token = { authorization: set['AWS_CONTAINER_AUTHORIZATION_TOKEN'] ?? '' };
  const session = await get(set['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '', token);
  expect(session.status).toBe(200);
  expect((await ask(set, '/instance/service-accounts/default/token')).status).toBe(200);
  expect((await get(set['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '')).status).not.toBe(200);
  expect([aws.aws.accounts.sessions().length, google.google.log.length]).toEqual([sessions, calls]);
});
