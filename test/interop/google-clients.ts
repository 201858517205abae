import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run, type Env, type Outcome } from '../beds/process.ts';
import { googlePythonPath } from '../beds/tools.ts';
import { buildGoogleGo, buildGoogleJava, programs } from './builds.ts';

/**
 * What every client program understands. Each prints one JSON line: `who` {email, project}, `token`
 * {token, expiresIn}, `identity` {token}, `ls` {keys}, `get` {body}, `put` {put}, `loop-get` {reads,
 * errors, tokens, firstError}; Python `threads` {answers, tokens}; after a failure {error, message}.
 */
export type GoogleVerb =
  | 'who'
  | 'token'
  | 'identity'
  | 'ls'
  | 'get'
  | 'put'
  | 'loop-get'
  | 'threads';

export interface RunClient {
  /** Words before the command: `namespace.inside`, `valetkey exec …`. */
  readonly inside?: readonly string[];
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** One unmodified library of Google's. It learns only what `env` says; its HOME is empty and its own. */
export interface GoogleClient {
  readonly name: string;
  /** Verbs that the library has no words for. */
  readonly lacks: readonly GoogleVerb[];
  /** Does it look at the variables at all? The others know one address and nothing else. */
  readonly knowsVariables: boolean;
  /** Builds what must be built, once for the same sources. */
  build(): Promise<void>;
  /** Status 0, 3 when access was denied, 1 for everything else. */
  run(verb: GoogleVerb, args: readonly string[], env: Env, options?: RunClient): Promise<Outcome>;
}

const CLI_PATH = '/usr/local/bin:/usr/bin:/bin';

const nothing = async (): Promise<void> => undefined;

const clientFile = (path: string): string =>
  new URL(`clients/google/${path}`, import.meta.url).pathname;

interface Program {
  readonly command: () => readonly string[];
  readonly env?: Env;
  readonly build?: () => Promise<void>;
  readonly lacks?: readonly GoogleVerb[];
  readonly knowsVariables?: boolean;
}

function program(name: string, options: Program): GoogleClient {
  const { command, env: own = {}, build = nothing, lacks = [], knowsVariables = true } = options;
  return {
    name,
    build,
    knowsVariables,
    lacks: name === 'python' ? lacks : [...lacks, 'threads'],
    run: (verb, args, env, how) =>
      runGoogle([...command(), verb, ...args], { ...own, ...env }, how),
  };
}

/** Any command as a client: a HOME and a gcloud folder of its own, gone afterwards. */
export async function runGoogle(
  command: readonly string[],
  env: Env,
  { inside = [], input, timeoutMs = 60_000 }: RunClient = {},
): Promise<Outcome> {
  const home = await mkdtemp(join(tmpdir(), 'vk-client-'));
  const full: Env = {
    PATH: CLI_PATH,
    LANG: 'C.UTF-8',
    HOME: home,
    CLOUDSDK_CONFIG: join(home, 'gcloud'),
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    CHECKPOINT_DISABLE: '1',
    ...env,
  };
  try {
    const [first = '', ...rest] = [...inside, ...command];
    return await run(first, rest, {
      env: full,
      timeoutMs,
      ...(input === undefined ? {} : { input }),
    });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

const node = (library: string): GoogleClient =>
  program(library, {
    command: () => [process.execPath, clientFile('node/client.mjs')],
    env: { VALETKEY_TEST_LIBRARY: library },
  });

export const python: GoogleClient = program('python', {
  command: () => [googlePythonPath(), clientFile('python/client.py')],
});

export const googleClients: readonly GoogleClient[] = [
  python,
  node('google-auth-library'),
  node('google-auth-library-10'),
  node('@google-cloud/storage'),
  program('go', { command: () => [programs.googleGo], build: buildGoogleGo }),
  program('java', {
    command: () => ['java', '-cp', programs.googleJava, 'Client'],
    build: buildGoogleJava,
  }),
  program('ruby 0.13', {
    command: () => ['ruby', clientFile('ruby/client.rb')],
    lacks: ['who'],
    knowsVariables: false,
  }),
];

export async function buildGoogleClients(): Promise<void> {
  await Promise.all(googleClients.map((client) => client.build()));
}
