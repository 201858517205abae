import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startAwsStandIn } from '../src/stand-ins/aws/server.ts';
import { requestText } from './exchange.ts';
import { launch } from './processes.ts';
import type { Running } from './processes.ts';

export const WORKLOAD = 'bench';
const CONNECTOR = 'aws-bench';
const METHOD = ['--auth-method', 'session-token', '--region=eu-west-1'];
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The bundled program, as it is shipped. */
export const BUNDLE = join(ROOT, 'dist', 'main.js');
/** The same from the sources, as a checkout runs it. */
export const CHECKOUT = join(ROOT, 'bin', 'valetkey');

/** A home with one connector, one workload and one listener, and the cloud it talks to. */
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
  const aws = await startAwsStandIn();
  const home = await mkdtemp(join(tmpdir(), 'valetkey-bench-'));
  const port = await freePort();
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    VALETKEY_HOME: home,
    AWS_ENDPOINT_URL: aws.url,
  };
  const flags = nodeFlags(await readFile(CHECKOUT, 'utf8'));
  await writeFile(join(home, 'config.yaml'), configFor(port));
  await registerConnector(home, env, aws.accounts.addUser({ name: 'bench' }));
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
      await aws.stop();
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
    grants: [{ connector: ${CONNECTOR} }]
    clients: [{ token: true }, { listener: '127.0.0.1:${port}' }]
`;
}

/** The key is put where a mounted Secret has it; the record is written by the command itself. */
async function registerConnector(
  home: string,
  env: Readonly<Record<string, string>>,
  key: { readonly accessKeyId: string; readonly secretAccessKey: string },
): Promise<void> {
  const folder = join(home, 'mounted', CONNECTOR);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = {
    'aws-access-key-id': join(folder, 'aws_access_key_id'),
    'aws-secret-access-key': join(folder, 'aws_secret_access_key'),
  };
  await writeFile(files['aws-access-key-id'], key.accessKeyId, { mode: 0o600 });
  await writeFile(files['aws-secret-access-key'], key.secretAccessKey, { mode: 0o600 });
  const attributes = Object.entries(files).map(([name, path]) => `--${name}=@${path}`);
  const child = spawn(
    process.execPath,
    [BUNDLE, 'connector', 'register', CONNECTOR, '--type', 'aws', ...METHOD, ...attributes],
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
