import { writeSync } from 'node:fs';

import type { CliContext } from './cli/context.ts';
import type { CommandLineOptions, OpenControl } from './composition/command-line.ts';
import { resolvePaths } from './config/paths.ts';
import { ERRORS, toValetkeyError } from './core/errors.ts';
import type { Secret } from './core/secret.ts';
import helper from './credential-helpers/aws-credential-process.ts';
import { refuseForeignSocket } from './files/socket-owner.ts';

/*
 * argv → one command. The credential helper, which some tools start for every request, is here: it
 * needs next to nothing. Everything else is imported when it is needed; most commands need no daemon.
 */

const [command, ...rest] = process.argv.slice(2);
const wantsHelp = rest.includes('--help') || rest.includes('-h');
const isHelper = command === 'credential-process' && !wantsHelp;
process.exit(isHelper ? await runHelper(rest) : await runCommand());

/** Writes without Node's stream objects: making them costs a helper's start some milliseconds. */
function runHelper(argv: readonly string[]): Promise<number> | number {
  const socketPath = resolvePaths(process.env).controlSocket;
  const complain = (line: string) => void writeSync(2, `valetkey: error: ${line}\n`);
  try {
    refuseForeignSocket(socketPath);
  } catch (thrown) {
    const error = toValetkeyError(thrown);
    complain(error.message);
    return ERRORS[error.code].exit;
  }
  return helper.run({
    argv,
    socketPath,
    write: (text) => void writeSync(1, text),
    complain,
    uid: process.getuid?.(),
    pid: process.ppid,
    now: Date.now,
  });
}

async function runCommand(): Promise<number> {
  // Whoever reads the log or the messages may leave (a pager, a journal that restarts): what was
  // begun goes on, a daemon above all.
  process.stderr.on('error', () => {});
  process.stdout.on('error', command === 'serve' ? () => {} : leaveQuietly);
  const [{ run }, { default: manifest }] = await Promise.all([
    import('./cli/program.ts'),
    import('../package.json', { with: { type: 'json' } }),
  ]);
  const options: CommandLineOptions = {
    env: process.env,
    version: manifest.version,
    log: process.stderr,
    ...(process.stdin.isTTY ? { askPassphrase: async () => askPassphrase(context) } : {}),
  };
  let control: Promise<OpenControl> | undefined;
  const openControl = () =>
    (control ??= commandLine().then(({ openControl: open }) => open(options)));
  const context: CliContext = {
    api: async () => (await openControl()).api,
    daemon: {
      serve: async (how) => (await commandLine()).serve(how, options),
      openEndpoint: async (target) => {
        const [{ openEndpoint }, { api }] = await Promise.all([commandLine(), openControl()]);
        return openEndpoint(target, api, options);
      },
      clientVariables: async (access, mode) =>
        (await commandLine()).variablesFor(access, mode, options),
      endpoints: async () => (await commandLine()).endpointFacts(),
      runDemo: async (write) => (await import('./demo/run.ts')).runDemo(write, process.env['PATH']),
    },
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    cwd: process.cwd(),
    version: manifest.version,
    now: Date.now,
  };
  const code = await run(process.argv.slice(2), context);
  // A failed opening was reported by the command.
  await control?.then(
    (opened) => opened.close(),
    () => {},
  );
  await Promise.all([process.stdout, process.stderr].map(flush));
  return code;
}

function commandLine() {
  return import('./composition/command-line.ts');
}

async function askPassphrase(context: CliContext): Promise<Secret> {
  const [{ createPrompts }, { secret }] = await Promise.all([
    import('./cli/prompts.ts'),
    import('./core/secret.ts'),
  ]);
  const prompts = await createPrompts(context);
  return secret(await prompts.secret('Passphrase of the secret store'));
}

/** `valetkey … | head`: a reader that has seen enough is no error. */
function leaveQuietly(error: NodeJS.ErrnoException): never {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
}

/** Pipes are written asynchronously on some platforms, and `process.exit` does not wait. */
function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => void stream.write('', () => resolve()));
}
