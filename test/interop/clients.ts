import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import { run, type Env, type Outcome } from '../beds/process.ts';
import { awsCli2Path, pythonPath, pythonScript } from '../beds/tools.ts';
import { awsCli } from './aws-cli.ts';
import { buildGo, buildJava, buildRust, programs } from './builds.ts';

/**
 * What every client program understands. Each prints one JSON line: `identity` {arn, account},
 * `creds` {provider, accessKeyId, hasToken, expiration}, `s3-ls` {keys}, `s3-get` {body}, `s3-put`
 * {put}, `loop-get` {reads, errors, accessKeyIds, firstError}; after a failure {error, message}.
 */
export type Verb = 'identity' | 'creds' | 's3-ls' | 's3-get' | 's3-put' | 'loop-get';

interface RunClient {
  /** Words before the command: `namespace.inside`. */
  readonly inside?: readonly string[];
  readonly timeoutMs?: number;
}

/** One unmodified SDK or CLI. It learns only what `env` says; its HOME is empty and its own. */
export interface Client {
  readonly name: string;
  /** One process that keeps its credentials for long, so `loop-get` makes sense. */
  readonly loops: boolean;
  /** Builds what must be built, once for the same sources. */
  build(): Promise<void>;
  /** Status 0, 3 when access was denied, 1 for everything else. */
  run(verb: Verb, args: readonly string[], env: Env, options?: RunClient): Promise<Outcome>;
}

/**
 * No client may ask the machine's own metadata service by accident. A test of that protocol, in a
 * namespace of its own, says `AWS_EC2_METADATA_DISABLED: 'false'`.
 */
const BASE: Env = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', AWS_EC2_METADATA_DISABLED: 'true' };

async function withHome<T>(env: Env, use: (env: Env, home: string) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'vk-client-'));
  try {
    return await use({ ...BASE, HOME: home, ...env }, home);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

const nothing = async (): Promise<void> => undefined;

/** A program of our own around an SDK. */
function program(
  name: string,
  build: () => Promise<void>,
  command: () => readonly string[],
): Client {
  return {
    name,
    loops: true,
    build,
    run: (verb, args, env, { inside = [], timeoutMs = 60_000 } = {}) =>
      withHome(env, (full) => {
        const [first = '', ...rest] = [...inside, ...command(), verb, ...args];
        return run(first, rest, { env: full, timeoutMs });
      }),
  };
}

/** A vendor's CLI, which answers in its own words. */
function cli(name: string, path: () => string, knowsEndpointVariables: boolean): Client {
  return {
    name,
    loops: false,
    build: nothing,
    run: (verb, args, env, { inside = [], timeoutMs = 60_000 } = {}) =>
      withHome(env, (full, home) =>
        awsCli(verb, args, {
          command: [...inside, path()],
          env: full,
          dir: home,
          knowsEndpointVariables,
          timeoutMs,
        }),
      ),
  };
}

const boto3 = new URL('./clients/boto3/client.py', import.meta.url).pathname;
const awsJsV3 = new URL('./clients/aws-js-v3/client.mjs', import.meta.url).pathname;

export const clients: readonly Client[] = [
  program('boto3', nothing, () => [pythonPath(), boto3]),
  cli('aws-cli-v1', () => pythonScript('aws'), true),
  cli('aws-cli-v2', awsCli2Path, false),
  program('aws-js-v3', nothing, () => [process.execPath, awsJsV3]),
  program('go-v2', buildGo, () => [programs.go]),
  program('java-v2', buildJava, () => ['java', '-cp', programs.java, 'Client']),
  program('rust', buildRust, () => [programs.rust]),
];

export async function buildClients(): Promise<void> {
  await Promise.all(clients.map((client) => client.build()));
}

/** The JSON line of an outcome. */
export function answer({ status, stdout, stderr }: Outcome): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(stdout));
  } catch (cause) {
    throw new Error(`no JSON line, status ${status}: ${stdout}${stderr}`, { cause });
  }
}
