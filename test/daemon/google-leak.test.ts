import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { resolvePaths } from '../../src/config/paths.ts';
import { connectControl } from '../../src/control/client.ts';
import type { Fault } from '../../src/stand-ins/google/faults.ts';
import { oidcIssuer } from '../../src/stand-ins/google/oidc-issuer.ts';
import { runProgram, testDaemon } from '../support/daemon.ts';
import { testGoogle } from '../support/google.ts';
import { get } from '../support/http.ts';

/*
 * Invariant 1 and row 115 of the gcp-metadata reference: secrets of every Google method, whole, wrong
 * and damaged, through every verb, fault and answer; then every byte of output and of every file is
 * searched. Tokens are in the answers that are tokens, and nowhere else.
 */

const VALETKEY = join(import.meta.dirname, '../../bin/valetkey');
const MARKER = 'MARKERxDEADBEEFx';
const ACCOUNTS = 'computeMetadata/v1/instance/service-accounts';
const AUDIENCE = 'https://service.example';
const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';
const FLAVOR = { 'Metadata-Flavor': 'Google' };

async function everyFile(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = names
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('tokens'))
    .filter(({ name }) => !name.startsWith('given-'))
    .map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

/** A line of base64 from the middle of a key. */
function lineOf(keyFile: string): string {
  const { private_key: pem } = JSON.parse(keyFile) as { private_key: string };
  return pem.split('\n')[3] ?? '';
}

test('no secret of Google’s in any output, success or failure', { timeout: 60_000 }, async () => {
  const world = await testGoogle({ systemTime: true });
  const { google, robot, person, project } = world;
  const daemon = await testDaemon({
    env: world.env,
    config: 'listeners: [{ address: "127.0.0.1:0" }]\nlog: { level: debug }\n',
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
  const keyFile = world.keyFile();
  const login = person.authorizedUser();
  const userFile = JSON.stringify(login);
  const stored = google.tokens.issue({
    principal: { kind: 'user', email: person.email, uniqueId: person.uniqueId },
    scopes: ['https://www.googleapis.com/auth/cloud-platform'],
    via: 'test',
    expiresAt: Date.now() + 3_600_000,
  }).token;
  const issuer = oidcIssuer();
  const pool = google.pools.addPool({
    projectNumber: '123456789012',
    pool: 'ci-pool',
    provider: 'runner',
    oidc: issuer,
  });
  google.accounts.grant({
    member: pool.member('job'),
    role: 'workloadIdentityUser',
    on: robot.email,
  });
  google.accounts.grant({
    member: `serviceAccount:${robot.email}`,
    role: 'tokenCreator',
    on: robot.email,
  });
  const subject = issuer.mint({ sub: 'job', aud: pool.audience });
  const header = `${MARKER}ofTheSource`;
  const path = google.subjects.serve('job', () => subject, {
    header: ['Authorization', `Bearer ${header}`],
    field: 'value',
  });
  const federation = (more: object = {}) =>
    JSON.stringify({
      type: 'external_account',
      audience: pool.audience,
      subject_token_type: JWT_TYPE,
      token_url: 'https://sts.googleapis.com/v1/token',
      client_id: 'a-client',
      client_secret: `${MARKER}ofTheClient`,
      credential_source: {
        url: `${google.url}${path}`,
        headers: { Authorization: `Bearer ${header}` },
        format: { type: 'json', subject_token_field_name: 'value' },
      },
      service_account_impersonation_url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${robot.email}:generateAccessToken`,
      ...more,
    });
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  const target_principal = robot.email;
  const good: Record<string, [string, Record<string, string>, string?]> = {
    key: ['service-account', { service_account_json: keyFile }],
    person: ['user-account', { user_account_json: userFile, project_id: project }],
    stored: ['oauth2-token', { token: stored, project_id: project }, inAnHour],
    become: ['impersonation', { service_account_json: keyFile, target_principal }],
    federated: ['external-account', { external_account_json: federation() }],
    // STS takes no Authorization header for a workload pool, so the one above is refused; this is not.
    joined: [
      'external-account',
      { external_account_json: federation({ client_id: undefined, client_secret: undefined }) },
    ],
  };
  const register = (
    name: string,
    [auth_method, attributes, expires_at]: (typeof good)[string],
    verify = true,
  ) =>
    api.register({
      name,
      type: 'gcp',
      auth_method,
      attributes,
      verify,
      ...(expires_at === undefined ? {} : { expires_at }),
    });
  for (const [name, one] of Object.entries(good)) await register(name, one, name !== 'federated');

  const verbs = async (name: string): Promise<void> => {
    await hear(api.verify({ name }));
    await hear(api.describeConnector({ name }));
    await hear(api.describeClient({ name }));
    await hear(api.describeClient({ name, resource_id: 'gs://zenfiles', access: 'read' }));
    await hear(api.listResources({ name, resource_type: 'gcs-bucket' }));
    await hear(api.update({ name, labels: { a: 'b' } }));
  };
  for (const name of Object.keys(good)) await verbs(name);

  // The same secrets damaged, in the wrong place or beside something wrong; and some nobody issued.
  const damaged: readonly [string, Record<string, string>][] = [
    ['service-account', { service_account_json: keyFile.slice(0, -60) }],
    ['service-account', { service_account_json: keyFile.replaceAll('\\n', ' ') }],
    ['service-account', { service_account_json: keyFile.replace('END PRIVATE', 'END') }],
    ['service-account', { service_account_json: keyFile.replace('service_account', 'other') }],
    ['service-account', { service_account_json: `[${keyFile}]` }],
    ['service-account', { service_account_json: keyFile, token_uri: 'x' }],
    ['service-account', { service_account_json: keyFile.replace('oauth2.goog', 'evil.goog-') }],
    ['service-account', { service_account_json: keyFile, account_email: MARKER }],
    ['service-account', { service_account_json: userFile }],
    ['service-account', { service_account_json: `${MARKER}NotJson` }],
    ['user-account', { user_account_json: keyFile, project_id: project }],
    ['user-account', { user_account_json: userFile.slice(0, -3), project_id: project }],
    ['user-account', { user_account_json: userFile, project_id: `${MARKER}Project` }],
    [
      'user-account',
      {
        user_account_json: JSON.stringify({ ...login, refresh_token: `1//${MARKER}Refresh` }),
        project_id: project,
      },
    ],
    [
      'user-account',
      {
        user_account_json: JSON.stringify({ ...login, client_secret: `${MARKER}Client` }),
        project_id: project,
      },
    ],
    ['oauth2-token', { token: `ya29.${MARKER}Token`, project_id: project }],
    ['oauth2-token', { token: `${MARKER} with blanks`, project_id: project }],
    ['impersonation', { token: `ya29.${MARKER}Token`, target_principal }],
    ['impersonation', { service_account_json: keyFile.slice(5), target_principal }],
    ['impersonation', { service_account_json: keyFile, token: stored, target_principal }],
    ['external-account', { external_account_json: federation().slice(1) }],
    [
      'external-account',
      { external_account_json: federation({ credential_source: { file: `/${MARKER}` } }) },
    ],
    [
      'external-account',
      { external_account_json: federation({ token_url: `https://evil.example/${MARKER}` }) },
    ],
  ];
  let count = 0;
  for (const [auth_method, attributes] of damaged) {
    for (const verify of [true, false]) {
      const name = `wrong-${(count += 1)}`;
      await hear(register(name, [auth_method, attributes, inAnHour], verify));
      await hear(api.verify({ name }));
      await hear(api.describeClient({ name }));
      await hear(api.listResources({ name }));
    }
  }
  for (const [, attributes] of damaged) await hear(api.update({ name: 'key', attributes }));

  // Google says what it was sent, and worse.
  const echo = `You sent ${login.refresh_token} and ${person.client.clientSecret}, ${stored}, ${subject}`;
  const faults: readonly Fault[] = [
    { kind: 'error', status: 400, code: 'invalid_grant', message: echo },
    { kind: 'error', status: 403, code: 'PERMISSION_DENIED', message: echo },
    { kind: 'error', status: 400, code: login.refresh_token, message: echo },
    { kind: 'error', status: 503, message: echo },
    { kind: 'error', status: 429 },
    { kind: 'reset' },
    ...(['malformed', 'html', 'empty', 'oversized'] as const).map(
      (body) => ({ kind: 'body', body }) as const,
    ),
    { kind: 'field', name: 'expires_in', value: stored },
    { kind: 'field', name: 'access_token', value: { nested: stored } },
    { kind: 'clock-skew', milliseconds: 7_200_000 },
  ];
  /** At one step of the way: a federated credential takes three. */
  const befallen = (fault: Fault, turn: number): (() => void) => {
    const steps =
      turn % 2 === 0 ? ['oauth2:*', 'sts:*'] : ['iamcredentials:*', 'storage:*', 'subject:*'];
    const removals = steps.map((step) => google.faults.add(step, fault));
    return () => removals.forEach((remove) => remove());
  };
  for (const [turn, fault] of [...faults, ...faults].entries()) {
    const remove = befallen(fault, turn);
    for (const name of Object.keys(good)) {
      await hear(api.verify({ name }));
      await hear(api.describeClient({ name, resource_id: 'gs://zenfiles' }));
    }
    remove();
  }

  // The metadata server: tokens in the answers that are tokens, nothing in all others.
  const answered: string[] = [];
  const ask = async (base: string, target: string, headers: Record<string, string> = FLAVOR) => {
    const { status, body, headers: got } = await get(`${base}/${target}`, headers);
    const isToken = status === 200 && /\/(token|identity)(\?|$)/.test(target);
    (isToken ? answered : heard).push(body);
    heard.push(JSON.stringify(got));
    return status;
  };
  for (const name of Object.keys(good)) {
    for (const [turn, fault] of [undefined, ...faults].entries()) {
      const resource =
        fault === undefined
          ? {}
          : { resource_id: `gs://zenfiles/${answered.length}-${heard.length}` };
      const opened = await daemon.api.openWorkload({ grants: [{ connector: name, ...resource }] });
      const base = opened.gce?.baseUrl ?? '';
      const remove = fault === undefined ? () => {} : befallen(fault, turn);
      const status = await ask(base, `${ACCOUNTS}/default/token`);
      if (fault === undefined) expect([name, status === 200]).toEqual([name, name !== 'federated']);
      await ask(base, `${ACCOUNTS}/default/identity?audience=${AUDIENCE}`);
      await ask(base, `${ACCOUNTS}/default/token?scopes=https://www.googleapis.com/auth/${MARKER}`);
      if (fault !== undefined) {
        remove();
        continue;
      }
      await ask(base, `${ACCOUNTS}/?recursive=true`);
      await ask(base, 'computeMetadata/v1/?recursive=true&alt=text');
      await ask(base, `${ACCOUNTS}/default/token`, {});
      await ask(base, `${ACCOUNTS}/default/token`, { ...FLAVOR, 'X-Forwarded-For': stored });
    }
  }
  expect(answered.length).toBeGreaterThanOrEqual(8);
  await hear(api.status({}));

  // The command line, with secrets given every way.
  const cli = async (...args: string[]): Promise<void> => {
    const { stdout, stderr } = await runProgram(VALETKEY, args, {
      ...world.env,
      VALETKEY_HOME: home,
      HOME: home,
    });
    heard.push(stdout, stderr);
  };
  const given = join(home, 'given-key.json');
  await writeFile(given, keyFile.slice(0, -60), { mode: 0o600 });
  const shape = ['--type', 'gcp', '--auth-method'];
  await cli(
    'connector',
    'register',
    'cut',
    ...shape,
    'service-account',
    `--service_account_json=@${given}`,
  );
  await cli(
    'connector',
    'register',
    'argv',
    ...shape,
    'service-account',
    `--service-account-json=${keyFile}`,
  );
  await cli(
    'connector',
    'register',
    'tok',
    ...shape,
    'oauth2-token',
    `--token=${stored}`,
    '--project_id=x',
  );
  for (const name of ['key', 'become']) {
    await cli('connector', 'describe', name, '--output', 'json');
    await cli('connector', 'describe', name, '--resource-id', 'gs://zenfiles', '--output', 'yaml');
    await cli('connector', 'verify', name);
  }
  await cli('connector', 'list', '--output', 'yaml');
  await cli('status', '--output', 'json');
  await cli('env', '--grant', 'key');

  heard.push(daemon.logText(), await daemon.metrics(), await everyFile(home));
  const output = heard.join('\n');
  expect(output.length).toBeGreaterThan(100_000); // it did look at something
  expect(daemon.logText()).toContain('"event":"failed"');

  const secrets: Readonly<Record<string, string>> = {
    'a key': lineOf(keyFile),
    'a refresh token': login.refresh_token,
    'a client secret': person.client.clientSecret,
    'a stored token': stored,
    'a subject token': subject,
    'the signature of a subject token': subject.split('.')[2] ?? '',
    'a header of a source': header,
    'a secret of a federation’s client': `${MARKER}ofTheClient`,
    'a wrong refresh token': `${MARKER}Refresh`,
    'a wrong client secret': `${MARKER}Client`,
    'a wrong token': `${MARKER}Token`,
    'what is no JSON': `${MARKER}NotJson`,
    'a value that is not valid': `${MARKER} with`,
    'the head of a key': 'BEGIN PRIVATE KEY',
    'a JWT': 'eyJ',
  };
  const found = Object.entries(secrets)
    .filter(([, value]) => output.includes(value))
    .map(([name]) => name);
  expect(found).toEqual([]);
  const issued = google.tokens.issued().map(({ token }) => token);
  expect(issued.length).toBeGreaterThan(20);
  expect(issued.filter((token) => output.includes(token))).toEqual([]);
  // And in the answers none that is wider than what was granted: those behind boundaries stay here.
  const handedOut = issued.filter((token) => answered.some((body) => body.includes(token)));
  expect(handedOut.length).toBeGreaterThanOrEqual(4);
  expect(answered.join('\n')).not.toContain(subject);
});
