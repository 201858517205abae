import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';

import { stringify } from 'yaml';
import { z } from 'zod';

import { run, startProcess, until, type Env, type Outcome } from '../beds/process.ts';
import type { Keys } from '../beds/sigv4.ts';

export const checkout = new URL('../../', import.meta.url).pathname;

/** The program as a person runs it from a checkout. */
const valetkey = join(checkout, 'bin/valetkey');

const PATH = '/usr/local/bin:/usr/bin:/bin';
const PASSPHRASE = 'passphrase-of-the-installation';
const STARTED = 'Ctrl-C stops it';

/** A daemon that runs as a process of its own. */
export interface Service {
  readonly pid: number;
  /** Everything it has printed. */
  output(): Promise<string>;
  /** Its control socket's `GET /metrics`. */
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

interface Command {
  readonly env?: Env;
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** One VALETKEY_HOME, and a person who uses it. */
export interface Installation {
  readonly home: string;
  /** What every command of this person is started with. */
  readonly env: Env;
  /** The part of it that names this installation. */
  readonly names: Env;
  /** Runs `valetkey` to its end. */
  run(args: readonly string[], command?: Command): Promise<Outcome>;
  /** The same for a command that must succeed; returns what it printed. */
  must(args: readonly string[], command?: Command): Promise<string>;
  /** A file that only its owner may read, as secrets are given to the CLI. */
  privateFile(text: string): Promise<string>;
  writeConfig(config: object): Promise<void>;
  /** `inside`: words before the command (`namespace.inside`). */
  serve(options?: { readonly inside?: readonly string[]; readonly env?: Env }): Promise<Service>;
  /** What `valetkey env` says, as the environment of a client. */
  variables(...args: readonly string[]): Promise<Env>;
  remove(): Promise<void>;
}

export interface InstallationOptions {
  /** config.yaml */
  readonly config?: object;
  /** Where the upstream is, and whatever else the person's shell has set. */
  readonly env?: Env;
  /** What opens the encrypted store: a passphrase, or an age identity (which is faster). */
  readonly key?: string;
  /** An existing folder to be VALETKEY_HOME. */
  readonly home?: string;
}

/** A listener on any free port, which everything but tests of addresses wants. */
const ANY_PORT = '127.0.0.1:0';

/** Nothing of this process's own environment reaches the program. */
export async function install(options: InstallationOptions = {}): Promise<Installation> {
  const dir = await mkdtemp(join(tmpdir(), 'vk-'));
  const home = options.home ?? join(dir, 'home');
  const config = join(dir, 'config.yaml');
  let files = 0;
  const privateFile = async (text: string): Promise<string> => {
    const path = join(dir, `private-${++files}`);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  const names: Env = {
    VALETKEY_HOME: home,
    VALETKEY_CONFIG: config,
    VALETKEY_STORE: 'encrypted-file',
    VALETKEY_PASSPHRASE_FILE: await privateFile(options.key ?? PASSPHRASE),
  };
  const env: Env = {
    PATH,
    HOME: dir,
    LANG: 'C.UTF-8',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...names,
    ...options.env,
  };
  await writeFile(config, stringify({ listeners: [{ address: ANY_PORT }], ...options.config }));

  const runIt: Installation['run'] = (args, command = {}) =>
    run(valetkey, args, { ...command, env: { ...env, ...command.env } });
  const mustRun: Installation['must'] = async (args, command) => {
    const { status, stdout, stderr } = await runIt(args, command);
    if (status === 0) return stdout;
    throw new Error(`valetkey ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  };
  return {
    home,
    env,
    names,
    privateFile,
    run: runIt,
    must: mustRun,
    writeConfig: (next) => writeFile(config, stringify(next)),
    serve: async (how = {}) =>
      startService(join(dir, `serve-${++files}.log`), { ...env, ...how.env }, how.inside ?? []),
    variables: async (...args) =>
      clientEnvironment(await mustRun(['env', ...args, '--shell', 'json'])),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

async function startService(log: string, env: Env, inside: readonly string[]): Promise<Service> {
  const [first, ...rest] = [...inside, valetkey, 'serve'];
  const service = startProcess(first, rest, { env, log });
  const output = () => readFile(log, 'utf8');
  try {
    await until('the daemon', async () => (await output()).includes(STARTED), { alive: [service] });
  } catch (error) {
    await service.stop();
    throw new Error(`the daemon did not start: ${await output()}`, { cause: error });
  }
  const socketPath = join(env['VALETKEY_HOME'] ?? '', 'run/control.sock');
  return {
    pid: service.pid,
    output,
    metrics: () => readMetrics(socketPath),
    async stop() {
      // A daemon that ended by itself would make the tests before this pass for the wrong reason.
      try {
        service.assertAlive();
      } catch (cause) {
        throw new Error(`the daemon ended by itself: ${await output()}`, { cause });
      }
      await service.stop();
    },
  };
}

function readMetrics(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path: '/metrics', agent: false }, (response) => {
      readAll(response).then(resolve, reject);
    })
      .on('error', reject)
      .end();
  });
}

const EnvOutput = z.object({ set: z.record(z.string(), z.string()), unset: z.array(z.string()) });

function clientEnvironment(json: string): Env {
  const { set, unset } = EnvOutput.parse(JSON.parse(json));
  return { ...Object.fromEntries(unset.map((name) => [name, undefined])), ...set };
}

/** The words before a client's own: its credentials come from `valetkey exec`. */
export const execWords = (...grants: readonly string[]): readonly string[] => [
  valetkey,
  'exec',
  ...grants.flatMap((grant) => ['--grant', grant]),
  '--',
];

/** Registers stored keys that assume a role, with the words a person would use. */
export async function registerRole(
  installation: Installation,
  name: string,
  { keys, roleArn }: { readonly keys: Keys; readonly roleArn: string },
  ...words: readonly string[]
): Promise<void> {
  await installation.must(await roleWords(installation, name, { keys, roleArn }, ...words));
}

export async function roleWords(
  installation: Installation,
  name: string,
  { keys, roleArn }: { readonly keys: Keys; readonly roleArn: string },
  ...words: readonly string[]
): Promise<readonly string[]> {
  const secret = await installation.privateFile(`${keys.secretAccessKey}\n`);
  return [
    'connector',
    'register',
    name,
    '--type=aws',
    '--auth-method=iam-role',
    `--aws-access-key-id=${keys.accessKeyId}`,
    `--aws-secret-access-key=@${secret}`,
    '--region=us-east-1',
    `--role-arn=${roleArn}`,
    ...words,
  ];
}
