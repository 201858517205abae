import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';

import { RENEWAL } from '../broker/renewal.ts';
import { systemClock } from '../core/clock.ts';
import type { StatusView } from '../core/view.ts';
import { startDaemon } from '../daemon.ts';
import type { Daemon } from '../daemon.ts';
import { ENDPOINTS } from '../endpoints/index.ts';
import { runCli, runSdk } from './clients.ts';
import type { ClientResult } from './clients.ts';
import { BUCKET, startDemoCloud } from './cloud.ts';
import type { DemoCloud } from './cloud.ts';

const CONNECTOR = 'aws-demo';
const SESSION_SECONDS = 3_600;
/** Renewal is due after 35 minutes; the demo brings it forward so that one can be watched. */
const RENEW_AFTER_MS = 4_000;
const RENEWAL_WAIT_MS = 30_000;

/**
 * The main job on embedded stand-ins: a cloud on loopback, a connector in a store that keeps nothing,
 * the daemon, unmodified clients. Returns the exit code: 0 only when every client saw what it should
 * and a renewal happened. `path` is where further clients (the AWS CLI) are looked for.
 */
export async function runDemo(
  write: (text: string) => void,
  path: string | undefined,
): Promise<number> {
  const home = await mkdtemp(join(tmpdir(), 'valetkey-demo-'));
  const cloud = await startDemoCloud();
  const say = (line = '') => write(`${stripVTControlCharacters(line)}\n`);
  try {
    const daemon = await startDemoDaemon(home, cloud);
    try {
      return await show(daemon, cloud, { home, path: path ?? '' }, say);
    } finally {
      await daemon.stop();
    }
  } finally {
    await cloud.aws.stop();
    await rm(home, { recursive: true, force: true });
  }
}

async function startDemoDaemon(home: string, cloud: DemoCloud): Promise<Daemon> {
  await writeFile(join(home, 'config.yaml'), 'listeners:\n  - address: 127.0.0.1:0\n');
  return startDaemon({
    env: { VALETKEY_HOME: home, AWS_ENDPOINT_URL: cloud.aws.url },
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

interface Place {
  readonly home: string;
  readonly path: string;
}

async function show(
  daemon: Daemon,
  cloud: DemoCloud,
  place: Place,
  say: (line?: string) => void,
): Promise<number> {
  say('1. A connector: a long-lived key in a secret store (here one that keeps nothing).');
  const { connector } = await daemon.api.register({
    name: CONNECTOR,
    type: 'aws',
    auth_method: 'iam-role',
    attributes: {
      aws_access_key_id: cloud.accessKeyId,
      aws_secret_access_key: cloud.secretAccessKey,
      role_arn: cloud.roleArn,
      region: 'eu-west-1',
    },
  });
  say(
    `   ${connector.name} (${connector.type}, ${connector.authMethod}), verified against the cloud`,
  );
  say();

  say(`2. A workload that may read s3://${BUCKET}, and nothing else.`);
  const env = await clientEnvironment(daemon, cloud, place);
  say('   Clients are told environment variables only; none of them is a key.');
  say();

  say('3. Unmodified clients.');
  const results = [await runSdk(env)];
  const cli = await runCli(env);
  if (cli === undefined) say('   (no AWS CLI on this machine: left out)');
  else results.push(cli);
  for (const result of results) report(result, say);
  say();

  say('4. What was issued, to whom.');
  for (const line of await auditLines(place.home)) say(`   ${line}`);
  say();

  say(`5. A renewal (brought forward to ${RENEW_AFTER_MS / 1_000} s for you to watch).`);
  const first = results[0]?.accessKeyId;
  const renewed = await waitForRenewal(daemon, first);
  const again = renewed === undefined ? undefined : await runSdk(env);
  if (again !== undefined) {
    results.push(again);
    say(`   before: ${first}`);
    say(`   after:  ${again.accessKeyId}, expires ${renewed?.expiresAt}`);
  }
  const problems = results.flatMap(({ client, problems: found }) =>
    found.map((one) => `${client}: ${one}`),
  );
  if (again === undefined || again.accessKeyId === first) problems.push('no renewal happened');
  const leaked = JSON.stringify(results).includes(cloud.secretAccessKey);
  if (leaked) problems.push('the long-lived key reached a client');
  say();
  for (const problem of problems) say(`FAILED  ${problem}`);
  if (problems.length > 0) return 1;
  say(
    'The long-lived key was used inside the daemon alone. Next: valetkey connector register --help',
  );
  return 0;
}

async function clientEnvironment(
  daemon: Daemon,
  cloud: DemoCloud,
  { home, path }: Place,
): Promise<Record<string, string>> {
  const access = await daemon.api.openWorkload({
    grants: [{ connector: CONNECTOR, resource_id: `s3://${BUCKET}`, access: 'read' }],
  });
  const { set } = ENDPOINTS.ecs.variables({
    baseUrl: access.baseUrl ?? '',
    token: access.token,
    tokenFile: access.tokenFile,
    region: access.region,
  });
  return {
    ...set,
    PATH: path,
    HOME: home,
    // Where the clients' services are: in a real cloud this is not set.
    AWS_ENDPOINT_URL: cloud.aws.url,
  };
}

function report({ client, lines, problems }: ClientResult, say: (line: string) => void): void {
  say(`   ${problems.length === 0 ? '✓' : '✗'} ${client}`);
  for (const line of lines) say(`       ${line}`);
}

async function auditLines(home: string): Promise<readonly string[]> {
  const text = await readFile(join(home, 'audit.jsonl'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { workload, executable, pid, credentialId, resources, expiresAt } = JSON.parse(
        line,
      ) as {
        workload: string;
        executable?: string;
        pid?: number;
        credentialId: string;
        resources: readonly { id?: string; access: string }[];
        expiresAt: string;
      };
      const scope = resources
        .map(({ id, access }) => `${id ?? 'everything'} (${access})`)
        .join(', ');
      const who = executable === undefined ? '' : ` ← ${executable.split('/').at(-1)}, pid ${pid}`;
      return `${credentialId}  ${scope}  until ${expiresAt}  workload ${workload}${who}`;
    });
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
