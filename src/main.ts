import type { CliContext, DaemonFunctions, VariablesMode } from './cli/context.ts';
import type { ControlApi, WorkloadAccess } from './control/api.ts';
import { ValetkeyError } from './core/errors.ts';

/*
 * argv → one command. Everything is imported when it is needed: most commands need no daemon, and a
 * credential helper needs next to nothing.
 */

interface OpenControl {
  readonly api: ControlApi;
  readonly close: () => Promise<void>;
}

/** What `daemon.ts` gives the command line. */
interface DaemonModule extends Pick<DaemonFunctions, 'serve' | 'openEndpoint'> {
  readonly openControl: () => Promise<OpenControl>;
}

const [command, ...rest] = process.argv.slice(2);
const wantsHelp = rest.includes('--help') || rest.includes('-h');
leaveQuietlyWithReader(process.stdout);
leaveQuietlyWithReader(process.stderr);
const exit =
  command === 'credential-process' && !wantsHelp ? await runHelper(rest) : await runCommand();
await Promise.all([process.stdout, process.stderr].map(flush));
process.exit(exit);

async function runHelper(argv: readonly string[]): Promise<number> {
  const [{ default: helper }, { resolvePaths }] = await Promise.all([
    import('./credential-helpers/aws-credential-process.ts'),
    import('./config/paths.ts'),
  ]);
  return helper.run({
    argv,
    socketPath: resolvePaths(process.env).controlSocket,
    write: (text) => void process.stdout.write(text),
    complain: (line) => void process.stderr.write(`valetkey: error: ${line}\n`),
    uid: process.getuid?.(),
    pid: process.ppid,
    now: Date.now,
  });
}

async function runCommand(): Promise<number> {
  const [{ run }, { default: manifest }] = await Promise.all([
    import('./cli/program.ts'),
    import('../package.json', { with: { type: 'json' } }),
  ]);
  let control: Promise<OpenControl> | undefined;
  const context: CliContext = {
    api: async () => {
      control ??= loadDaemon().then(({ openControl }) => openControl());
      return (await control).api;
    },
    daemon: {
      serve: async (options) => (await loadDaemon()).serve(options),
      openEndpoint: async (target) => (await loadDaemon()).openEndpoint(target),
      clientVariables,
      runDemo: async (write) => (await loadDemo()).runDemo(write),
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
  await control?.then(
    ({ close }) => close(),
    () => {},
  ); // a failed opening was reported by the command
  return code;
}

async function clientVariables(access: WorkloadAccess, mode: VariablesMode) {
  const { baseUrl, endpoints, token, tokenFile, region } = access;
  if (baseUrl === undefined || !endpoints.includes(mode)) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: '--mode',
      reason: `the daemon’s listener does not serve ${mode}`,
      hint: `it serves: ${endpoints.join(', ') || 'nothing'}`,
    });
  }
  const { ENDPOINTS } = await import('./endpoints/index.ts');
  return ENDPOINTS[mode].variables({ baseUrl, token, tokenFile, region });
}

async function loadDaemon(): Promise<DaemonModule> {
  const path = './daemon.ts';
  return (await import(path)) as DaemonModule;
}

async function loadDemo(): Promise<Pick<DaemonFunctions, 'runDemo'>> {
  const path = './demo/run.ts';
  return (await import(path)) as Pick<DaemonFunctions, 'runDemo'>;
}

/** `valetkey … | head`: a reader that has seen enough is no error. */
function leaveQuietlyWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
}

/** Pipes are written asynchronously on some platforms, and `process.exit` does not wait. */
function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => void stream.write('', () => resolve()));
}
