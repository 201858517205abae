import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { resolvePaths } from '../../src/config/paths.ts';
import { connectControl } from '../../src/control/client.ts';
import type { Fault } from '../../src/stand-ins/azure/faults.ts';
import { pfxOf } from '../connectors/azure/certificates.ts';
import { testAzure } from '../support/azure.ts';
import { runProgram, testDaemon } from '../support/daemon.ts';
import { get } from '../support/http.ts';

/*
 * Invariant 1: secrets of every Azure method, whole, wrong and damaged, through every verb, fault and
 * answer; then every byte of output and of every file is searched. Tokens are in the answers that are
 * tokens, a SAS is in the one answer that is a SAS, and nowhere else.
 */

const VALETKEY = join(import.meta.dirname, '../../bin/valetkey');
const MARKER = 'MARKERxDEADBEEFx';
const PFX_PASSWORD = `${MARKER}Password`;
const TOKEN_PATH = 'metadata/identity/oauth2/token';
const STORAGE = 'https://storage.azure.com';
const IMDS_QUERY = `api-version=2018-02-01&resource=${STORAGE}`;
const METADATA = { Metadata: 'true' };

type Attributes = Record<string, string>;

async function everyFile(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = names
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('tokens'))
    .filter(({ name }) => !name.startsWith('given-'))
    .map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('no secret of Azure’s in any output, success or failure', { timeout: 240_000 }, async () => {
  const world = await testAzure({ systemTime: true });
  const { azure, person } = world;
  const daemon = await testDaemon({
    env: world.env,
    config:
      'listeners: [{ address: "127.0.0.1:0" }]\nlog: { level: debug }\n' +
      'workloads: { dev: { grants: [{ connector: secret }] } }\n',
  });
  const { home } = daemon;
  const api = connectControl(resolvePaths({ VALETKEY_HOME: home }).controlSocket);
  const heard: string[] = [];
  const hear = async (work: Promise<unknown>): Promise<void> => {
    try {
      heard.push(JSON.stringify(await work));
    } catch (error) {
      heard.push(String(error), (error as Error).stack ?? '', JSON.stringify(error));
    }
  };

  // One good connector of each method.
  const pem = world.certificatePem;
  const keyLines = pem.slice(pem.indexOf('PRIVATE KEY')).split('\n');
  const key = pem.slice(pem.indexOf('-----BEGIN PRIVATE'));
  const pfx = hasOpenssl()
    ? pfxOf({
        key,
        certificates: [pem.slice(0, pem.indexOf('-----BEGIN PRIVATE'))],
        password: PFX_PASSWORD,
      })
    : undefined;
  const assertion = world.federatedToken();
  await mkdir(join(home, 'given-tokens'));
  const assertionFile = join(home, 'given-assertion.jwt');
  await writeFile(assertionFile, assertion, { mode: 0o600 });
  const { token: stored = '' } = await world.tokenAttributes(STORAGE);
  const { client_secret: clientSecret = '' } = world.secretAttributes;
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  const more = {
    storage_account: 'acmedata',
    blob_endpoint: azure.blobEndpoint('acmedata'),
  };
  const withPassword = (password: string): Attributes => ({
    ...world.appAttributes,
    client_certificate: pfx ?? pem,
    client_certificate_password: password,
  });
  const good: Record<string, [string, Attributes]> = {
    secret: ['service-principal', { ...world.secretAttributes, ...more }],
    pem: ['client-certificate', world.certificateAttributes],
    pfx: ['client-certificate', withPassword(PFX_PASSWORD)],
    federated: ['federated-token', { ...world.appAttributes, token_file: assertionFile }],
    person: ['user-account', world.userAttributes],
    stored: ['access-token', { token: stored, ...more }],
  };
  const register = (name: string, [auth_method, attributes]: [string, Attributes], verify = true) =>
    api.register({
      name,
      type: 'azure',
      auth_method,
      attributes,
      verify,
      ...(auth_method === 'access-token' ? { expires_at: inAnHour } : {}),
    });
  for (const [name, one] of Object.entries(good)) await register(name, one, name !== 'person');
  const { flow, prompt } = await api.loginStart({ name: 'person' });
  azure.devices.confirm(prompt?.kind === 'device' ? prompt.userCode : '', person.upn);
  await hear(api.loginFinish({ flow: String(flow) }));

  const container = 'az://acmedata/zenfiles';
  const verbs = async (name: string): Promise<void> => {
    await hear(api.verify({ name }));
    await hear(api.describeConnector({ name }));
    await hear(api.describeClient({ name }));
    await hear(api.describeClient({ name, resource_id: container }));
    await hear(api.listResources({ name, resource_type: 'blob-container' }));
    await hear(api.update({ name, labels: { a: 'b' } }));
  };
  for (const name of Object.keys(good)) await verbs(name);

  // The same secrets damaged, in the wrong place or beside something wrong; and some nobody issued.
  const app = world.appAttributes;
  const damaged: readonly [string, Attributes][] = [
    ['service-principal', { ...app, client_secret: `${MARKER}Secret` }],
    ['service-principal', { ...app, client_secret: clientSecret.slice(0, -2) }],
    ['service-principal', { ...app, client_id: `${MARKER}Client`, client_secret: clientSecret }],
    ['service-principal', { ...app, client_secret: clientSecret, token: stored }],
    ['service-principal', { tenant_id: clientSecret, client_id: app['client_id'] ?? '' }],
    [
      'service-principal',
      {
        ...app,
        client_secret: clientSecret,
        authority_host: `https://a:${MARKER}Userinfo@b.example`,
      },
    ],
    ['client-certificate', { ...app, client_certificate: pem.slice(0, -80) }],
    ['client-certificate', { ...app, client_certificate: pem.replaceAll('\n', ' ') }],
    ['client-certificate', { ...app, client_certificate: key }],
    ['client-certificate', { ...app, client_certificate: `${MARKER}NotPem` }],
    ['client-certificate', { ...app, client_certificate: pem.replace('END PRIVATE', 'END') }],
    ['client-certificate', withPassword(`${MARKER}Wrong`)],
    [
      'client-certificate',
      { ...withPassword(PFX_PASSWORD), client_certificate: (pfx ?? '').slice(0, 400) },
    ],
    ['federated-token', { ...app, token_file: join(home, `given-${MARKER}`) }],
    ['federated-token', { ...app, token_url: `https://a:${MARKER}Userinfo@b.example` }],
    [
      'federated-token',
      { ...app, token_bearer: `${MARKER}Bearer`, token_url: `${azure.url}/nothing` },
    ],
    ['access-token', { token: `${MARKER} with blanks` }],
    ['access-token', { token: `${MARKER}Token` }],
    ['access-token', { token: stored.slice(0, -4) }],
    ['user-account', { ...world.userAttributes, refresh_token: `${MARKER}Refresh` }],
    ['managed-identity', { client_id: stored }],
  ];
  let count = 0;
  for (const one of damaged) {
    for (const verify of [true, false]) {
      const name = `wrong-${(count += 1)}`;
      await hear(register(name, one, verify));
      await hear(api.verify({ name }));
      await hear(api.describeClient({ name }));
      await hear(api.listResources({ name }));
      await hear(api.remove({ name }));
    }
  }
  for (const [, attributes] of damaged) await hear(api.update({ name: 'pem', attributes }));

  // Entra says what it was sent, and worse.
  const [refresh = ''] = azure.directory.refreshTokens.issued();
  const echo = `You sent ${clientSecret}, ${refresh}, ${stored} and ${assertion}`;
  const faults: readonly Fault[] = [
    { kind: 'error', status: 400, code: 'AADSTS7000215', message: echo },
    { kind: 'error', status: 400, code: 'AADSTS700027', message: echo },
    { kind: 'error', status: 400, code: 'AADSTS53003', message: echo },
    { kind: 'error', status: 503, message: echo },
    { kind: 'error', status: 429, message: echo, retryAfterSeconds: 1 },
    { kind: 'reset' },
    ...(['malformed', 'html', 'empty', 'oversized'] as const).map(
      (body) => ({ kind: 'body', body }) as const,
    ),
    { kind: 'field', name: 'expires_in', value: stored },
    { kind: 'field', name: 'token_type', value: stored },
    { kind: 'field', name: 'access_token', value: { nested: stored } },
    { kind: 'field', name: 'access_token', value: `${stored}\r\nX-Y: z` },
  ];
  for (const [turn, fault] of [...faults, ...faults].entries()) {
    const services = turn < faults.length ? ['entra:*'] : ['arm:*', 'blob:*'];
    const removals = services.map((service) => azure.faults.add(service, fault));
    for (const name of Object.keys(good)) {
      await hear(api.verify({ name }));
      await hear(api.describeClient({ name, resource_id: container }));
      await hear(api.listResources({ name, resource_type: 'blob-container' }));
    }
    for (const remove of removals) remove();
  }

  // Endpoints: tokens in the answers that are tokens, nothing in all others.
  const answered: string[] = [];
  const workloadSecrets: string[] = [];
  const ask = async (url: string, headers: Record<string, string>, method = 'GET') => {
    const { status, body, headers: got } = await get(url, headers, method);
    (status === 200 && body.includes('"access_token"') ? answered : heard).push(body);
    heard.push(JSON.stringify(got));
    return status;
  };
  const { imds } = (await daemon.api.openWorkload({ workload: 'dev' })).azure ?? {};
  for (const name of Object.keys(good)) {
    for (const fault of [undefined, ...faults]) {
      const opened = await daemon.api.openWorkload({ grants: [{ connector: name }] });
      workloadSecrets.push(opened.token);
      const base = opened.azure?.appService ?? '';
      expect(base).not.toBe('');
      const remove = fault === undefined ? () => {} : azure.faults.add('entra:*', fault);
      const resource = fault === undefined ? STORAGE : `https://x${answered.length}.vault.example`;
      const query = `api-version=2019-08-01&resource=${resource}`;
      const header = { 'X-IDENTITY-HEADER': opened.token };
      const status = await ask(`${base}/msi/token?${query}`, header);
      if (fault === undefined) expect([name, status]).toEqual([name, 200]);
      remove();
      const path = `${base}/azure/${opened.token}`;
      const asked = `${path}/${TOKEN_PATH}?api-version=2018-02-01&resource=${resource}`;
      await ask(asked, METADATA);
      if (fault !== undefined) continue;
      // The secret where it is wrong, misplaced or beside something wrong.
      await ask(asked, {});
      await ask(asked, METADATA, 'POST');
      await ask(asked, { ...METADATA, 'X-Forwarded-For': stored });
      await ask(asked, { ...METADATA, Host: `evil.example` });
      await ask(asked, { ...METADATA, Origin: 'https://evil.example' });
      await ask(path, METADATA);
      await ask(`${path}/`, METADATA);
      await ask(`${path}/metadata/%2e%2e/x`, METADATA);
      await ask(`${path}/metadata/instance`, METADATA);
      await ask(`${path}x/${TOKEN_PATH}`, METADATA);
      await ask(`${base}/AZURE/${opened.token}/${TOKEN_PATH}?resource=%ff`, METADATA);
      await ask(`${base}/elsewhere/${opened.token}`, METADATA);
      await ask(`${base}/msi/token?${query}&secret=${opened.token}`, {});
      await ask(`${base}/msi/token?${query}`, { ...header, secret: opened.token });
      await ask(`${base}/msi/token?api-version=${opened.token}`, header);
      await ask(`${base}/msi/token?${query}&client_id=${opened.token}`, header);
    }
  }
  if (imds !== undefined) await ask(`${imds}/${TOKEN_PATH}?${IMDS_QUERY}`, METADATA);
  expect(answered.length).toBeGreaterThanOrEqual(Object.keys(good).length * 2);
  await hear(api.status({}));

  // A SAS is told once, to who asked for it.
  const sas: string[] = [];
  for (const name of ['secret', 'stored']) {
    const ordered = { name, resource_id: container, permissions: 'rl', seconds: 900 };
    const { query, ...about } = await api.sas(ordered);
    sas.push(query, decodeURIComponent(/(?:^|&)sig=([^&]+)/.exec(query)?.[1] ?? 'none'));
    heard.push(JSON.stringify(about));
    await hear(api.sas({ ...ordered, permissions: 'zz' }));
    await hear(api.sas({ ...ordered, resource_id: `${container}?${query}` }));
    for (const fault of faults) {
      const remove = azure.faults.add('blob:*', fault);
      // What brings none for all that is a SAS again, and not to be written down.
      await api.sas(ordered).then(
        (again) => void sas.push(again.query),
        (error: unknown) => void heard.push(String(error), JSON.stringify(error)),
      );
      remove();
    }
  }

  // The command line, with secrets given every way.
  const cli = async (...args: string[]): Promise<void> => {
    const env = { ...world.env, VALETKEY_HOME: home, HOME: home };
    const { stdout, stderr } = await runProgram(VALETKEY, args, env);
    heard.push(stdout, stderr);
  };
  const given = join(home, 'given-app.pem');
  await writeFile(given, pem.slice(0, -60), { mode: 0o600 });
  const shape = [
    '--type',
    'azure',
    `--tenant_id=${app['tenant_id']}`,
    `--client_id=${app['client_id']}`,
  ];
  const add = (name: string, ...rest: string[]) =>
    cli('connector', 'register', name, ...shape, ...rest);
  await add('cut', '--auth-method', 'client-certificate', `--client_certificate=@${given}`);
  await add('argv', '--auth-method', 'service-principal', `--client_secret=${clientSecret}`);
  await add('bad', '--auth-method', 'service-principal', `--client_secret=${MARKER}Secret`);
  for (const name of ['secret', 'pfx']) {
    await cli('connector', 'describe', name, '--output', 'json');
    await cli('connector', 'describe', name, '--resource-id', container, '--output', 'yaml');
    await cli('connector', 'verify', name);
  }
  await cli('connector', 'list', '--output', 'yaml');
  await cli('status', '--output', 'json');

  heard.push(daemon.logText(), await daemon.metrics(), await everyFile(home));
  const output = heard.join('\n');
  expect(output.length).toBeGreaterThan(100_000); // it did look at something
  expect(daemon.logText()).toContain('"event":"failed"');
  expect(daemon.logText()).toContain('"event":"refused"');

  const secrets: Readonly<Record<string, string>> = {
    'a client secret': clientSecret,
    'most of a client secret': clientSecret.slice(0, -2),
    'a line of a private key': keyLines[3] ?? '',
    'a PFX': (pfx ?? 'none').replaceAll('\n', '').slice(100, 160),
    'the password of a PFX': PFX_PASSWORD,
    'a refresh token': refresh,
    'a stored token': stored,
    'the signature of a stored token': stored.split('.')[2] ?? '',
    'a federated assertion': assertion,
    'the signature of an assertion': assertion.split('.')[2] ?? '',
    'a wrong secret': `${MARKER}Secret`,
    'a wrong password': `${MARKER}Wrong`,
    'a wrong refresh token': `${MARKER}Refresh`,
    'a wrong token': `${MARKER}Token`,
    'a wrong bearer': `${MARKER}Bearer`,
    'a password in a URL': `${MARKER}Userinfo`,
    'what is no PEM': `${MARKER}NotPem`,
    'a value that is not valid': `${MARKER} with`,
    'the head of a key': 'BEGIN PRIVATE KEY',
  };
  const found = Object.entries(secrets)
    .filter(([, value]) => output.includes(value))
    .map(([name]) => name);
  expect(found).toEqual([]);
  // A few letters of that may be in any random id.
  expect(output).not.toMatch(/eyJ[\w-]{16,}/);
  for (const value of Object.values(secrets)) expect(value.length).toBeGreaterThanOrEqual(3);
  expect(azure.directory.refreshTokens.issued().filter((one) => output.includes(one))).toEqual([]);
  const issued = azure.tokens.issued().map(({ token }) => token);
  expect(issued.length).toBeGreaterThan(20);
  expect(issued.filter((token) => output.includes(token))).toEqual([]);
  // Workloads' own secrets stand in paths and headers; a SAS in one answer.
  expect(workloadSecrets.filter((one) => output.includes(one))).toEqual([]);
  expect(sas.length).toBeGreaterThanOrEqual(4);
  expect(sas.filter((one) => output.includes(one))).toEqual([]);
});
