import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { autoConfigure } from '../../../src/connectors/azure/auto-configure.ts';
import type { Proposal } from '../../../src/connectors/contract.ts';
import { temporaryHome } from '../../support/home.ts';
import {
  allOf,
  ARM,
  certified,
  failureOf,
  issueBy,
  onMachine,
  openBed,
  STORAGE,
  type Bed,
} from './bed.ts';
import { imds } from './imds-bed.ts';

interface FindAsk {
  readonly env?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly given?: Readonly<Record<string, string>>;
  readonly allow?: readonly string[];
}

/** A person's home on a machine that sees the stand-in as Azure and is not in Azure itself. */
async function openAutoBed() {
  const bed = await openBed();
  const home = await temporaryHome();
  const write = (path: string, content: string | Buffer, mode = 0o600): string => {
    const whole = join(home, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, content);
    chmodSync(whole, mode);
    return whole;
  };
  const find = ({ env = {}, method, given = {}, allow = [] }: FindAsk = {}): Promise<Proposal> => {
    const { machine, cloud } = onMachine(bed, {
      allow,
      env: {
        HOME: home,
        PATH: `${join(home, 'bin')}:/usr/bin:/bin`,
        AZURE_CONFIG_DIR: join(home, '.azure'),
        AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:1',
        ...env,
      },
    });
    const signal = new AbortController().signal;
    return autoConfigure({ cloud, machine, method, resource: undefined, given, signal });
  };
  const named = { AZURE_TENANT_ID: bed.tenant.id, AZURE_CLIENT_ID: bed.app.clientId };
  /** az, as far as it is asked here; `script` prints. */
  const az = (script: string): string => write('bin/az', `#!/bin/sh\n${script}\n`, 0o755);
  return { ...bed, home, write, find, named, az };
}

const SUBSCRIPTION = '44444444-4444-4444-8444-444444444444';

function profile(tenantId: string, more: object = {}): string {
  const user = { name: 'ada@example.com', type: 'user' };
  const own = { id: SUBSCRIPTION, tenantId, user, environmentName: 'AzureCloud', isDefault: true };
  const other = { ...own, id: '55555555-5555-4555-8555-555555555555', isDefault: false };
  return `\uFEFF${JSON.stringify({ installationId: 'x', subscriptions: [other, { ...own, ...more }] })}`;
}

/** The token that the proposal is good for, as it would be registered. */
async function tokenBy({ method, config, secret, expiresAt }: Proposal, bed: Bed) {
  const texts = Object.entries(secret).map(([name, value]) => [name, value.reveal()] as const);
  return await issueBy(method, bed, { config, secret: Object.fromEntries(texts), expiresAt });
}

/** What az prints for a token of the bed's application. */
async function azAnswer(bed: Bed, audience = ARM): Promise<string> {
  const issued = await issueBy('service-principal', bed, {
    config: bed.appConfig,
    secret: { client_secret: bed.clientSecret.value },
    scopes: [`${audience}/.default`],
  });
  const answer = { accessToken: issued.token, expires_on: Math.floor(issued.expiresAt / 1000) };
  return `cat <<'END'\n${JSON.stringify(answer)}\nEND`;
}

describe('variables', () => {
  test('a secret', async () => {
    const bed = await openAutoBed();
    const { value } = bed.clientSecret;
    const found = await bed.find({
      env: { ...bed.named, AZURE_CLIENT_SECRET: value, AZURE_SUBSCRIPTION_ID: SUBSCRIPTION },
    });
    expect(found).toMatchObject({
      method: 'service-principal',
      origin: 'AZURE_CLIENT_SECRET',
      config: { ...bed.appConfig, subscription_id: SUBSCRIPTION, authority_host: bed.azure.url },
    });
    expect(found.secret['client_secret']?.reveal()).toBe(value);
    expect(allOf(found)).not.toContain(value);
    await tokenBy(found, bed);
  });

  test('a certificate: PEM, and one that is broken or not there', async () => {
    const bed = await openAutoBed();
    const made = certified(bed.clock.now());
    bed.app.addCertificate(made.certificate);
    bed.write('robot.pem', `${made.certificate}\n${made.key}`);
    const env = {
      ...bed.named,
      PWD: bed.home,
      AZURE_CLIENT_CERTIFICATE_PATH: 'robot.pem',
      AZURE_CLIENT_SEND_CERTIFICATE_CHAIN: 'true',
    };
    const found = await bed.find({ env });
    expect(found).toMatchObject({ method: 'client-certificate', config: { send_chain: true } });
    expect(allOf(found)).not.toContain(made.key.slice(40, 90));
    await tokenBy(found, bed);
    bed.write('robot.pem', made.certificate);
    expect(await failureOf(bed.find({ env }))).toMatchObject({
      code: 'INPUT_INVALID',
      subject: 'AZURE_CLIENT_CERTIFICATE_PATH, robot.pem',
    });
    const gone = { ...env, AZURE_CLIENT_CERTIFICATE_PATH: '/nowhere.pem' };
    expect(await failureOf(bed.find({ env: gone }))).toMatchObject({
      code: 'SECRET_MISSING',
      subject: 'AZURE_CLIENT_CERTIFICATE_PATH',
    });
  });

  test('a workload identity: the file is named, not copied', async () => {
    const bed = await openAutoBed();
    const file = bed.write('token', bed.federatedToken());
    const found = await bed.find({ env: { ...bed.named, AZURE_FEDERATED_TOKEN_FILE: file } });
    expect(found).toMatchObject({
      method: 'federated-token',
      config: { ...bed.appConfig, token_file: file },
      secret: {},
    });
    await tokenBy(found, bed);
  });

  test('a secret comes before all else; without its tenant it is none', async () => {
    const bed = await openAutoBed();
    const secret = { AZURE_CLIENT_SECRET: bed.clientSecret.value };
    const file = bed.write('token', bed.federatedToken());
    const both = { ...bed.named, ...secret, AZURE_FEDERATED_TOKEN_FILE: file };
    expect((await bed.find({ env: both })).method).toBe('service-principal');
    const asked = await bed.find({ env: both, method: 'federated-token' });
    expect(asked.method).toBe('federated-token');
    const half = await failureOf(bed.find({ env: secret }));
    expect(half).toMatchObject({ code: 'NOT_FOUND' });
    expect(half.reason).toContain('AZURE_CLIENT_SECRET (without tenant or client id)');
    expect(half.reason).toContain('the Azure CLI (nobody is logged in)');
  });

  test('another cloud of Microsoft’s is told by its authority', async () => {
    const bed = await openAutoBed();
    const found = await bed.find({
      env: {
        ...bed.named,
        AZURE_CLIENT_SECRET: 'x',
        AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us/',
      },
    });
    expect(found.config['environment']).toBe('us-government');
    expect(found.config['authority_host']).toBeUndefined();
  });

  test('a token of it alone, for the audience that was given', async () => {
    const bed = await openAutoBed();
    const env = { ...bed.named, AZURE_CLIENT_SECRET: bed.clientSecret.value };
    const found = await bed.find({ env, method: 'access-token', given: { audience: STORAGE } });
    expect(found).toMatchObject({ method: 'access-token', config: { audience: STORAGE } });
    expect(Object.keys(found.secret)).toEqual(['token']);
    expect(found.expiresAt).toBeGreaterThan(bed.clock.now());
    await tokenBy(found, bed);
  });

  test('what is given wins; a field that the method has not is refused', async () => {
    const bed = await openAutoBed();
    const env = { ...bed.named, AZURE_CLIENT_SECRET: bed.clientSecret.value };
    const found = await bed.find({ env, given: { audiences: STORAGE } });
    expect(found.config['audiences']).toEqual([STORAGE]);
    expect(await failureOf(bed.find({ env, given: { tokn: 'x' } }))).toMatchObject({
      code: 'INPUT_INVALID',
      subject: 'tokn',
    });
    expect(await failureOf(bed.find({ env, method: 'managed-idenity' }))).toMatchObject({
      code: 'INPUT_INVALID',
      subject: 'auth_method',
    });
    const unfit = await failureOf(bed.find({ env, method: 'user-account' }));
    expect(unfit.reason).toBe('user-account cannot be made of AZURE_CLIENT_SECRET');
  });
});

describe('the machine', () => {
  test('its managed identity, told by a token of it', async () => {
    const bed = await openAutoBed();
    const service = await imds(bed);
    const env = { AZURE_POD_IDENTITY_AUTHORITY_HOST: service.url };
    const found = await bed.find({ env });
    expect(found).toMatchObject({
      method: 'managed-identity',
      config: { ...bed.appConfig, object_id: bed.app.objectId },
      secret: {},
    });
    expect(found.notes.join(' ')).toContain('policy.implicit.allow');
    await tokenBy(found, onMachine(bed, { env, allow: [bed.app.objectId] }));
    const own = await bed.find({ env, method: 'implicit' });
    expect(own).toMatchObject({ method: 'implicit', config: bed.appConfig, secret: {} });
  });
});

describe('the Azure CLI', () => {
  test('one token of its login, with its end and what would last', async () => {
    const bed = await openAutoBed();
    bed.write('.azure/azureProfile.json', profile(bed.tenant.id));
    bed.az(await azAnswer(bed));
    const found = await bed.find();
    expect(found).toMatchObject({
      method: 'access-token',
      origin: 'the Azure CLI’s login of ada@example.com, ~/.azure/azureProfile.json',
      config: { tenant_id: bed.tenant.id, subscription_id: SUBSCRIPTION, audience: ARM },
    });
    expect(found.notes.join(' ')).toContain('will not be renewed');
    expect(found.notes.join(' ')).toContain('user-account');
    const token = found.secret['token']?.reveal() ?? '';
    expect(token).not.toBe('');
    expect(allOf(found)).not.toContain(token);
    const issued = await tokenBy(found, bed);
    expect(issued.expiresAt).toBe(found.expiresAt);
  });

  test('a login of one’s own for the same person: nothing is asked of az', async () => {
    const bed = await openAutoBed();
    bed.write('.azure/azureProfile.json', profile(bed.tenant.id));
    bed.az('exit 9');
    const found = await bed.find({ method: 'user-account' });
    expect(found).toMatchObject({
      method: 'user-account',
      config: { tenant_id: bed.tenant.id, subscription_id: SUBSCRIPTION },
      secret: {},
    });
    expect(found.login).toBeUndefined();
    expect(found.notes.join(' ')).toContain('connector login');
  });

  test('an application’s login is no person’s', async () => {
    const bed = await openAutoBed();
    const user = { name: bed.app.clientId, type: 'servicePrincipal' };
    bed.write('.azure/azureProfile.json', profile(bed.tenant.id, { user }));
    bed.az(await azAnswer(bed));
    expect((await bed.find()).config['client_id']).toBe(bed.app.clientId);
    expect(await failureOf(bed.find({ method: 'user-account' }))).toMatchObject({
      code: 'INPUT_INVALID',
      subject: 'auth_method',
    });
  });

  test('a login by a managed identity is none of its own: it may be ours', async () => {
    const bed = await openAutoBed();
    const user = { name: 'systemAssignedIdentity', type: 'servicePrincipal' };
    bed.write('.azure/azureProfile.json', profile(bed.tenant.id, { user }));
    bed.az(await azAnswer(bed));
    const error = await failureOf(bed.find());
    expect(error).toMatchObject({ code: 'NOT_FOUND' });
    expect(error.reason).toContain('logged in by a managed identity');
  });

  test('a login without a subscription, and one of another cloud', async () => {
    const bed = await openAutoBed();
    const write = (more: object) =>
      bed.write('.azure/azureProfile.json', profile(bed.tenant.id, more));
    write({ id: bed.tenant.id, environmentName: 'AzureChinaCloud' });
    const found = await bed.find({ method: 'user-account' });
    expect(found.config['subscription_id']).toBeUndefined();
    expect(found.config['environment']).toBe('china');
    write({ environmentName: 'AzureStack' });
    expect(await failureOf(bed.find())).toMatchObject({
      code: 'CONFIG_INVALID',
      subject: '~/.azure/azureProfile.json',
    });
  });

  test('az that says no', async () => {
    const bed = await openAutoBed();
    bed.write('.azure/azureProfile.json', profile(bed.tenant.id));
    bed.az('echo "AADSTS700082: The refresh token has expired" >&2; exit 1');
    expect(await failureOf(bed.find())).toMatchObject({
      code: 'LOGIN_REQUIRED',
      upstreamCode: 'AADSTS700082',
    });
  });

  test.each(['{', '[]', '{"subscriptions":[{"id":1}]}', 'null'])(
    'a file that is %s',
    async (text) => {
      const bed = await openAutoBed();
      bed.write('.azure/azureProfile.json', text);
      expect(await failureOf(bed.find())).toMatchObject({
        code: 'CONFIG_INVALID',
        subject: '~/.azure/azureProfile.json',
      });
    },
  );

  test('a folder in its place', async () => {
    const bed = await openAutoBed();
    mkdirSync(join(bed.home, '.azure/azureProfile.json'), { recursive: true });
    expect(await failureOf(bed.find())).toMatchObject({
      code: 'CONFIG_UNREADABLE',
      subject: '~/.azure/azureProfile.json',
    });
  });
});
