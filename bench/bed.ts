import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startAwsStandIn } from '../src/stand-ins/aws/server.ts';
import { startAzureStandIn } from '../src/stand-ins/azure/server.ts';
import { startGoogleStandIn } from '../src/stand-ins/google/server.ts';
import { requestText } from './exchange.ts';
import { launch } from './processes.ts';
import type { Running } from './processes.ts';

export const WORKLOAD = 'bench';
const AWS = 'aws-bench';
const GOOGLE = 'gcp-bench';
const AZURE = 'azure-bench';
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The bundled program, as it is shipped. */
export const BUNDLE = join(ROOT, 'dist', 'main.js');
/** The same from the sources, as a checkout runs it. */
export const CHECKOUT = join(ROOT, 'bin', 'valetkey');

/** A home with a connector of each cloud, one workload and one listener, and the clouds they talk to. */
export interface Bed {
  readonly home: string;
  readonly port: number;
  /** All that a program of this bench is told: nobody's own configuration may slow it down. */
  readonly env: Readonly<Record<string, string>>;
  /** A daemon of its own process, up and answering. */
  start(): Promise<Running>;
  /** The workload's bearer secret; there is one once a daemon has run. */
  token(): Promise<string>;
  close(): Promise<void>;
}

export async function openBed(core: number | undefined): Promise<Bed> {
  const [aws, google, azure] = await Promise.all([
    startAwsStandIn(),
    startGoogleStandIn(),
    startAzureStandIn(),
  ]);
  const home = await mkdtemp(join(tmpdir(), 'valetkey-bench-'));
  const port = await freePort();
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    VALETKEY_HOME: home,
    AWS_ENDPOINT_URL: aws.url,
    ...google.variables,
    ...azure.variables,
  };
  const flags = nodeFlags(await readFile(CHECKOUT, 'utf8'));
  await writeFile(join(home, 'config.yaml'), configFor(port));
  const user = aws.accounts.addUser({ name: 'bench' });
  await registerConnector(home, env, AWS, {
    method: ['--type', 'aws', '--auth-method', 'session-token', '--region=eu-west-1'],
    secret: { aws_access_key_id: user.accessKeyId, aws_secret_access_key: user.secretAccessKey },
  });
  const robot = google.accounts.addServiceAccount({ name: 'bench', project: 'bench-project' });
  await registerConnector(home, env, GOOGLE, {
    method: ['--type', 'gcp', '--auth-method', 'service-account'],
    secret: { service_account_json: JSON.stringify(robot.keyFile()) },
  });
  const tenant = azure.directory.addTenant({ domain: 'bench.example' });
  const app = azure.directory.addApp({ tenant: tenant.id, name: 'bench' });
  await registerConnector(home, env, AZURE, {
    method: [
      '--type',
      'azure',
      '--auth-method',
      'service-principal',
      `--tenant_id=${tenant.id}`,
      `--client_id=${app.clientId}`,
    ],
    secret: { client_secret: app.addSecret().value },
  });
  return {
    home,
    port,
    env,
    start: () =>
      launch({
        command: process.execPath,
        args: [...flags, BUNDLE, 'serve'],
        env,
        core,
        port,
        probe: requestText(port, { path: '/v1/credentials' }),
      }),
    token: () => readFile(join(home, 'run', 'tokens', WORKLOAD), 'utf8'),
    async close() {
      await Promise.all([aws.stop(), google.stop(), azure.stop()]);
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** The options of Node that `bin/valetkey` starts the daemon with; it runs the bundle where there are no sources. */
function nodeFlags(script: string): readonly string[] {
  const [, flags = ''] = /^ {2}\*\) exec "\$node" (.*) "\$main"/m.exec(script) ?? [];
  return flags.split(' ').filter((flag) => flag !== '');
}

function configFor(port: number): string {
  return `
store: { kind: mounted-files }
listeners:
  - { address: '127.0.0.1:${port}' }
workloads:
  ${WORKLOAD}:
    grants: [{ connector: ${AWS} }, { connector: ${GOOGLE} }, { connector: ${AZURE} }]
    clients: [{ token: true }, { listener: '127.0.0.1:${port}' }]
`;
}

interface Registration {
  readonly method: readonly string[];
  readonly secret: Readonly<Record<string, string>>;
}

/** The secret is put where a mounted Secret has it; the record is written by the command itself. */
async function registerConnector(
  home: string,
  env: Readonly<Record<string, string>>,
  name: string,
  { method, secret }: Registration,
): Promise<void> {
  const folder = join(home, 'mounted', name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const attributes: string[] = [];
  for (const [field, value] of Object.entries(secret)) {
    await writeFile(join(folder, field), value, { mode: 0o600 });
    attributes.push(`--${field}=@${join(folder, field)}`);
  }
  const child = spawn(
    process.execPath,
    [BUNDLE, 'connector', 'register', name, ...method, ...attributes],
    // Mounted files are read only, so while registering the secret goes nowhere.
    { env: { ...env, VALETKEY_STORE: 'memory' }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (part: Buffer) => (said += part.toString('utf8')));
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`the connector cannot be registered:\n${said}`);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
