import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run, type Env, type Outcome } from '../beds/process.ts';
import { azurePythonPath } from '../beds/tools.ts';
import { buildAzureGo, buildAzureJava, programs } from './builds.ts';

/**
 * What every client program understands. Each prints one JSON line: `managed` and `default` {token,
 * expiresAt}, `get` {body}, `put` {put}, `loop` {reads, errors, tokens, firstError}; after a failure
 * {name, message}.
 */
export type AzureVerb = 'managed' | 'default' | 'get' | 'put' | 'loop';

interface RunClient {
  /** Words before the command: `namespace.inside`, `valetkey exec …`. */
  readonly inside?: readonly string[];
  readonly timeoutMs?: number;
}

/** One unmodified library of Microsoft's. It learns only what `env` says; its HOME is empty and its own. */
export interface AzureClient {
  readonly name: string;
  /** Verbs that the library has no words for. */
  readonly lacks: readonly AzureVerb[];
  /** Builds what must be built, once for the same sources. */
  build(): Promise<void>;
  /** Status 0, or 1 for any failure. */
  run(verb: AzureVerb, args: readonly string[], env: Env, options?: RunClient): Promise<Outcome>;
}

const nothing = async (): Promise<void> => undefined;

const clientFile = (path: string): string =>
  new URL(`clients/azure/${path}`, import.meta.url).pathname;

interface Program {
  readonly command: (verb: AzureVerb) => readonly string[];
  readonly env?: Env;
  readonly build?: () => Promise<void>;
  readonly lacks?: readonly AzureVerb[];
}

function program(name: string, options: Program): AzureClient {
  const { command, env: own = {}, build = nothing, lacks = [] } = options;
  return {
    name,
    build,
    lacks,
    run: (verb, args, env, how) => runAzure([...command(verb), ...args], { ...own, ...env }, how),
  };
}

/** Any command as a client: a HOME of its own, gone afterwards. */
export async function runAzure(
  command: readonly string[],
  env: Env,
  { inside = [], timeoutMs = 60_000 }: RunClient = {},
): Promise<Outcome> {
  const home = await mkdtemp(join(tmpdir(), 'vk-client-'));
  const full: Env = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    HOME: home,
    AZURE_CORE_COLLECT_TELEMETRY: '0',
    AZURE_CORE_NO_COLOR: '1',
    CHECKPOINT_DISABLE: '1',
    ...env,
  };
  try {
    const [first = '', ...rest] = [...inside, ...command];
    return await run(first, rest, { env: full, timeoutMs });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

const node = (library: string): AzureClient =>
  program(library, {
    command: (verb) => [process.execPath, clientFile('node/client.mjs'), verb],
    env: { VALETKEY_TEST_LIBRARY: library },
  });

export const azurePython: AzureClient = program('azure-identity for Python', {
  command: (verb) => [azurePythonPath(), clientFile('python/client.py'), verb],
});

export const azureNode: AzureClient = node('@azure/identity');

export const azureClients: readonly AzureClient[] = [
  azurePython,
  program('MSAL for Python', {
    command: () => [azurePythonPath(), clientFile('python/client.py'), 'msal'],
    lacks: ['default', 'get', 'put', 'loop'],
  }),
  azureNode,
  node('azure-identity-previous'),
  program('azidentity for Go', {
    command: (verb) => [programs.azureGo, verb],
    build: buildAzureGo,
  }),
  program('azure-identity for Java', {
    command: (verb) => ['java', '-cp', programs.azureJava, 'Client', verb],
    build: buildAzureJava,
  }),
];

/** Those that read and write blobs. */
export const azureStorageClients = azureClients.filter(({ lacks }) => !lacks.includes('get'));

export async function buildAzureClients(): Promise<void> {
  await Promise.all(azureClients.map((client) => client.build()));
}
