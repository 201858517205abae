import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';

import { RENEWAL } from '../broker/renewal.ts';
import { systemClock } from '../core/clock.ts';
import type { StatusView } from '../core/view.ts';
import { startDaemon } from '../daemon.ts';
import type { Daemon } from '../daemon.ts';
import { clientVariables } from '../composition/client-variables.ts';
import { auditLines } from './audit-lines.ts';
import { runAwsCli, runAwsSdk } from './run-aws.ts';
import type { ClientResult, Environment } from './client.ts';
import { AUDIENCE, BUCKET, startDemoAws, startDemoAzure, startDemoGoogle } from './cloud.ts';
import type { DemoAws, DemoAzure, DemoGoogle } from './cloud.ts';
import { runAzureIdentity } from './run-azure.ts';
import { runGcloud, runGoogleLibrary } from './run-google.ts';

const AWS = 'aws-demo';
const GOOGLE = 'gcp-demo';
const AZURE = 'azure-demo';
const SESSION_SECONDS = 3_600;
/** Renewal is due after 35 minutes; the demo brings it forward so that one can be watched. */
const RENEW_AFTER_MS = 4_000;
const RENEWAL_WAIT_MS = 30_000;

interface Stage {
  readonly aws: DemoAws;
  readonly google: DemoGoogle;
  readonly azure: DemoAzure;
  readonly home: string;
  /** Where further clients (the AWS CLI, gcloud) are looked for. */
  readonly path: string;
  readonly say: (line?: string) => void;
}

/**
 * The main job on embedded stand-ins: three clouds on loopback, a connector to each in a store that keeps
 * nothing, the daemon, unmodified clients. Returns the exit code: 0 only when every client saw what it
 * should and a renewal happened.
 */
export async function runDemo(
  write: (text: string) => void,
  path: string | undefined,
): Promise<number> {
  const home = await mkdtemp(join(tmpdir(), 'valetkey-demo-'));
  const [aws, google, azure] = await Promise.all([
    startDemoAws(),
    startDemoGoogle(),
    startDemoAzure(),
  ]);
  const say = (line = '') => write(`${stripVTControlCharacters(line)}\n`);
  const stage: Stage = { aws, google, azure, home, path: path ?? '', say };
  try {
    const daemon = await startDemoDaemon(stage);
    try {
      return await show(daemon, stage);
    } finally {
      await daemon.stop();
    }
  } finally {
    await Promise.all([aws.aws.stop(), google.google.stop(), azure.azure.stop()]);
    await rm(home, { recursive: true, force: true });
  }
}

async function startDemoDaemon({ aws, google, azure, home }: Stage): Promise<Daemon> {
  await writeFile(join(home, 'config.yaml'), 'listeners:\n  - address: 127.0.0.1:0\n');
  return startDaemon({
    env: {
      VALETKEY_HOME: home,
      AWS_ENDPOINT_URL: aws.aws.url,
      ...google.google.variables,
      ...azure.azure.variables,
    },
    version: 'demo',
    ephemeral: true,
    renewal: {
      ...RENEWAL,
      floorMs: SESSION_SECONDS * 1_000 - RENEW_AFTER_MS,
      jitter: 0,
      restMs: RENEW_AFTER_MS,
    },
    log: new Writable({ write: (_chunk, _encoding, done) => done() }),
  });
}

async function show(daemon: Daemon, stage: Stage): Promise<number> {
  const { aws, google, azure, home, say } = stage;
  say('1. Connectors: long-lived keys in a secret store (here one that keeps nothing).');
  await registerAll(daemon, stage);
  say();

  say(
    `2. A workload that may read s3://${BUCKET} and gs://${BUCKET}, and what ${AUDIENCE} lets it.`,
  );
  const env = await clientEnvironment(daemon, stage);
  say('   Clients are told environment variables only; none of them is a key.');
  say();

  say('3. Unmodified clients.');
  const results = await runClients(env, stage);
  for (const result of results) report(result, say);
  say();

  say('4. What was issued, to whom: one audit trail.');
  for (const line of await auditLines(home)) say(`   ${line}`);
  say();

  say(`5. A renewal (brought forward to ${RENEW_AFTER_MS / 1_000} s for you to watch).`);
  const first = results[0]?.accessKeyId;
  const renewed = await waitForRenewal(daemon, first);
  const again = renewed === undefined ? undefined : await runAwsSdk(env);
  if (again !== undefined) {
    results.push(again);
    say(`   before: ${first}`);
    say(`   after:  ${again.accessKeyId}, expires ${renewed?.expiresAt}`);
  }
  const problems = results.flatMap(({ client, problems: found }) =>
    found.map((one) => `${client}: ${one}`),
  );
  if (again === undefined || again.accessKeyId === first) problems.push('no renewal happened');
  const handedOut = JSON.stringify([results, env]);
  const { privateKey } = google;
  const keys = [aws.secretAccessKey, privateKey, JSON.stringify(privateKey), azure.clientSecret];
  if (keys.some((key) => handedOut.includes(key))) {
    problems.push('a long-lived key reached a client');
  }
  say();
  for (const problem of problems) say(`FAILED  ${problem}`);
  if (problems.length > 0) return 1;
  say(
    'The long-lived keys were used inside the daemon alone. Next: valetkey connector register --help',
  );
  return 0;
}

async function registerAll(daemon: Daemon, { aws, google, azure, say }: Stage): Promise<void> {
  const saved = [
    await daemon.api.register({
      name: AWS,
      type: 'aws',
      auth_method: 'iam-role',
      attributes: {
        aws_access_key_id: aws.accessKeyId,
        aws_secret_access_key: aws.secretAccessKey,
        role_arn: aws.roleArn,
        region: 'eu-west-1',
      },
    }),
    await daemon.api.register({
      name: GOOGLE,
      type: 'gcp',
      auth_method: 'service-account',
      attributes: { service_account_json: google.keyFile },
    }),
    await daemon.api.register({
      name: AZURE,
      type: 'azure',
      auth_method: 'service-principal',
      attributes: {
        tenant_id: azure.tenantId,
        client_id: azure.clientId,
        client_secret: azure.clientSecret,
        audiences: AUDIENCE,
      },
    }),
  ];
  for (const { connector } of saved) {
    say(
      `   ${connector.name} (${connector.type}, ${connector.authMethod}), verified against the cloud`,
    );
  }
}

async function runClients(
  env: Environment,
  { google, azure, say }: Stage,
): Promise<ClientResult[]> {
  const results = [
    await runAwsSdk(env),
    await runGoogleLibrary(env, google.google.url),
    await runAzureIdentity(env, azure),
  ];
  const others = { 'AWS CLI': await runAwsCli(env), gcloud: await runGcloud(env) };
  for (const [name, result] of Object.entries(others)) {
    if (result === undefined) say(`   (no ${name} on this machine: left out)`);
    else results.push(result);
  }
  return results;
}

async function clientEnvironment(
  daemon: Daemon,
  { aws, google, home, path }: Stage,
): Promise<Record<string, string>> {
  const access = await daemon.api.openWorkload({
    grants: [
      { connector: AWS, resource_id: `s3://${BUCKET}`, access: 'read' },
      { connector: GOOGLE, resource_id: `gs://${BUCKET}`, access: 'read' },
      { connector: AZURE },
    ],
  });
  const { variables } = await clientVariables(access, undefined, {
    env: { HOME: home },
    now: systemClock.now(),
    directory: home,
  });
  return {
    ...variables.set,
    PATH: path,
    HOME: home,
    // Where the clients' services are: in a real cloud this is not set.
    AWS_ENDPOINT_URL: aws.aws.url,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: `${google.google.url}/storage/v1/`,
  };
}

function report({ client, lines, problems }: ClientResult, say: (line: string) => void): void {
  say(`   ${problems.length === 0 ? '✓' : '✗'} ${client}`);
  for (const line of lines) say(`       ${line}`);
}

async function waitForRenewal(
  daemon: Daemon,
  first: string | undefined,
): Promise<StatusView['issued'][number] | undefined> {
  for (let waited = 0; waited < RENEWAL_WAIT_MS; waited += 250) {
    const { issued } = await daemon.api.status({});
    const current = issued.find(({ resources }) =>
      resources.some(({ id }) => id === `s3://${BUCKET}`),
    );
    if (current !== undefined && current.credentialId !== first) return current;
    await systemClock.sleep(250);
  }
  return undefined;
}
