import { access, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';

import { openInProcess } from '../../src/composition/in-process.ts';
import { openPrivateEndpoint } from '../../src/composition/private-endpoint.ts';
import type { Inputs } from '../../src/control/schema.ts';
import { testAzure } from '../support/azure.ts';
import { testCloud } from '../support/cloud.ts';
import { testGoogle } from '../support/google.ts';
import { temporaryHome } from '../support/home.ts';
import { get } from '../support/http.ts';

const STORAGE = 'https://storage.azure.com';
const ARM = 'https://management.azure.com';
const IMDS = '/metadata/identity/oauth2/token?api-version=2018-02-01';

type Set = Readonly<Record<string, string>>;

/** Connectors of every cloud in a process without a daemon, and the private endpoint of `exec`. */
async function setup(config?: object) {
  const [azure, aws, google] = await Promise.all([testAzure(), testCloud(), testGoogle()]);
  const home = await temporaryHome(config === undefined ? undefined : stringify(config));
  const env = { ...aws.env, ...google.env, ...azure.env, VALETKEY_HOME: home, HOME: home };
  const { clock } = azure;
  const inProcess = await openInProcess({ env, version: 'test', clock, ephemeral: true });
  onTestFinished(inProcess.stop);
  const { api } = inProcess;
  const add = (
    name: string,
    type: string,
    auth_method: string,
    attributes: Record<string, string>,
  ) => api.register({ name, type, auth_method, attributes, verify: false });
  const own = azure.secretAttributes;
  await add('azure-dev', 'azure', 'service-principal', own);
  await add('azure-storage', 'azure', 'service-principal', { ...own, audiences: STORAGE });
  await add('aws-dev', 'aws', 'iam-role', aws.roleAttributes);
  await add('gcp-dev', 'gcp', 'service-account', google.keyAttributes);
  const open = async (target: Inputs['openWorkload'], more: Set = {}) => {
    const childEnv = { HOME: home, ...more };
    const endpoint = await openPrivateEndpoint(target, { api, clock, env: childEnv });
    onTestFinished(endpoint.stop);
    return endpoint;
  };
  return { azure, aws, google, home, open, add };
}

const appService = (set: Set, resource: string, secret = set['IDENTITY_HEADER'] ?? '') =>
  get(`${set['IDENTITY_ENDPOINT']}?api-version=2019-08-01&resource=${resource}`, {
    'X-IDENTITY-HEADER': secret,
  });

const imds = (set: Set, resource: string) =>
  get(`${set['AZURE_POD_IDENTITY_AUTHORITY_HOST']}${IMDS}&resource=${resource}`, {
    Metadata: 'true',
  });

describe('exec with a grant of Azure’s', () => {
  test('a token by the secret, by the kernel’s word, and by the path for Terraform: one and the same', async () => {
    const { azure, open } = await setup();
    const { variables, warnings } = await open({ grants: [{ connector: 'azure-storage' }] });
    expect(warnings).toEqual([]);
    const { set } = variables;
    expect(set).not.toHaveProperty('AWS_CONTAINER_CREDENTIALS_FULL_URI');
    expect(set).not.toHaveProperty('GCE_METADATA_HOST');
    expect(set).toMatchObject({ ARM_USE_MSI: 'true', ARM_TENANT_ID: azure.tenant.id });
    const asked = azure.azure.log.length;
    const first = await appService(set, STORAGE);
    expect(first.status).toBe(200);
    const { access_token: token } = JSON.parse(first.body);
    const second = await imds(set, STORAGE);
    expect(second.status).toBe(200);
    expect(JSON.parse(second.body)).toMatchObject({ access_token: token, resource: STORAGE });
    expect(set['ARM_MSI_ENDPOINT']).toContain('/azure/');
    const third = await get(
      `${set['ARM_MSI_ENDPOINT']}?api-version=2018-02-01&resource=${STORAGE}`,
      { Metadata: 'true' },
    );
    expect(JSON.parse(third.body)).toMatchObject({ access_token: token });
    expect(azure.azure.log).toHaveLength(asked); // warmed up before, with the grant's first audience
  });

  test('a wrong secret, no secret, an audience that is not granted: refused, and nothing is asked', async () => {
    const { azure, open } = await setup();
    const { variables } = await open({ grants: [{ connector: 'azure-storage' }] });
    const asked = azure.azure.log.length;
    expect((await appService(variables.set, STORAGE, 'x'.repeat(43))).status).not.toBe(200);
    expect((await appService(variables.set, STORAGE, '')).status).not.toBe(200);
    expect((await appService(variables.set, ARM)).status).toBe(403);
    expect((await imds(variables.set, ARM)).status).toBe(403);
    expect(azure.azure.log).toHaveLength(asked);
  });

  test('a grant of a container: tokens for storage alone, the first of them at hand', async () => {
    const { azure, open } = await setup();
    const { variables, warnings } = await open({
      grants: [{ connector: 'azure-dev', resource_id: 'az://acmedata/zenfiles' }],
    });
    expect(warnings).toEqual([]);
    const asked = azure.azure.log.length;
    expect((await appService(variables.set, STORAGE)).status).toBe(200);
    expect((await appService(variables.set, ARM)).status).toBe(403);
    expect(azure.azure.log).toHaveLength(asked);
  });

  test('grants of three clouds: each is served, and no variable of one is cleared by another', async () => {
    const { google, open } = await setup();
    const grants = ['azure-dev', 'aws-dev', 'gcp-dev'].map((connector) => ({ connector }));
    const { variables } = await open({ grants });
    const { set, clear } = variables;
    expect(clear.filter((name) => name in set)).toEqual([]);
    const bypassed = set['NO_PROXY']?.split(',');
    for (const host of ['169.254.169.254', 'metadata.google.internal', '169.254.170.2']) {
      expect(bypassed).toContain(host);
    }
    expect((await appService(set, ARM)).status).toBe(200);
    const aws = await get(set['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '', {
      Authorization: set['AWS_CONTAINER_AUTHORIZATION_TOKEN'] ?? '',
    });
    expect(aws.status).toBe(200);
    const email = await get(
      `http://${set['GCE_METADATA_HOST']}/computeMetadata/v1/instance/service-accounts/default/email`,
      { 'Metadata-Flavor': 'Google' },
    );
    expect(email.body).toBe(google.robot.email);
  });

  test('a secret that Entra refuses is told before the child starts', async () => {
    const { azure, open, add } = await setup();
    const attributes = { ...azure.secretAttributes, client_secret: 'not-the-one' };
    await add('azure-wrong', 'azure', 'service-principal', attributes);
    await expect(open({ grants: [{ connector: 'azure-wrong' }] })).rejects.toMatchObject({
      upstreamCode: 'AADSTS7000215',
    });
  });

  test('a configured workload: its machine and subscription, as they are written', async () => {
    const subscription = '99999999-8888-7777-6666-555555555555';
    const { open } = await setup({
      workloads: {
        train: {
          grants: [{ connector: 'azure-dev' }],
          azure: { location: 'westeurope', subscription_id: subscription, tags: { stage: 'test' } },
        },
      },
    });
    const { variables } = await open({ workload: 'train' });
    expect(variables.set).toMatchObject({ ARM_SUBSCRIPTION_ID: subscription });
    const url = `${variables.set['AZURE_POD_IDENTITY_AUTHORITY_HOST']}/metadata/instance`;
    const { body } = await get(`${url}?api-version=2021-02-01`, { Metadata: 'true' });
    expect(JSON.parse(body)).toMatchObject({
      compute: { location: 'westeurope', name: 'train', subscriptionId: subscription },
    });
  });

  test('gone with the child', async () => {
    const { open } = await setup();
    const { variables, stop } = await open({ grants: [{ connector: 'azure-dev' }] });
    await stop();
    await expect(appService(variables.set, ARM)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('az', () => {
  const PERSON = { name: 'ada@example.com', type: 'user' };
  const grants = [{ connector: 'azure-dev' }];

  async function loggedIn(folder: string, user: object) {
    await mkdir(join(folder, 'cliextensions'), { recursive: true });
    const profile = { subscriptions: [{ id: '1', isDefault: true, user }] };
    // az writes a byte order mark.
    await writeFile(join(folder, 'azureProfile.json'), `\uFEFF${JSON.stringify(profile)}`);
  }

  test('a folder of the child’s own, private, gone afterwards; nobody logged in: not a word', async () => {
    const { open } = await setup();
    const { variables, warnings, stop } = await open({ grants });
    expect(warnings).toEqual([]);
    const folder = variables.set['AZURE_CONFIG_DIR'] ?? '';
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(variables.set).not.toHaveProperty('AZURE_EXTENSION_DIR');
    await stop();
    await expect(access(folder)).rejects.toThrow('ENOENT');
  });

  test('a person’s own login: told who, and how to log in instead; extensions stay', async () => {
    const { home, open } = await setup();
    const own = join(home, '.azure');
    await loggedIn(own, PERSON);
    const { variables, warnings } = await open({ grants });
    expect(variables.set['AZURE_CONFIG_DIR']).not.toBe(own);
    expect(variables.set['AZURE_EXTENSION_DIR']).toBe(join(own, 'cliextensions'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`ada@example.com, in ${own}`);
    expect(warnings[0]).toContain('az login --identity');
  });

  test('in a folder that AZURE_CONFIG_DIR names, with extensions that are elsewhere already', async () => {
    const { home, open } = await setup();
    const own = join(home, 'elsewhere');
    await loggedIn(own, PERSON);
    const more = { AZURE_CONFIG_DIR: own, AZURE_EXTENSION_DIR: '/extensions' };
    const { variables, warnings } = await open({ grants }, more);
    expect(warnings[0]).toContain(own);
    expect(variables.set).not.toHaveProperty('AZURE_EXTENSION_DIR');
  });

  test.for(['', 'no json', '[]', '{"subscriptions":7}', '{"subscriptions":[{"user":null}]}'])(
    'a profile that says nothing is nobody’s: %s',
    async (text) => {
      const { home, open } = await setup();
      await mkdir(join(home, '.azure'));
      await writeFile(join(home, '.azure/azureProfile.json'), text);
      expect((await open({ grants })).warnings).toEqual([]);
    },
  );

  test('a login as the machine’s identity is no person’s', async () => {
    const { home, open } = await setup();
    const user = { name: 'systemAssignedIdentity', type: 'servicePrincipal' };
    await loggedIn(join(home, '.azure'), user);
    expect((await open({ grants })).warnings).toEqual([]);
  });

  test('without a grant of Azure’s it is left alone', async () => {
    const { home, open } = await setup();
    await loggedIn(join(home, '.azure'), PERSON);
    const { variables, warnings } = await open({ grants: [{ connector: 'aws-dev' }] });
    expect(variables.set).not.toHaveProperty('AZURE_CONFIG_DIR');
    expect(warnings).toEqual([]);
  });
});
