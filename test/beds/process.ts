import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const STOP_GRACE_MS = 3000;
const DEFAULT_RUN_MS = 60_000;

/** The kernel ends the server when the test process is gone, however that went. */
const DIES_WITH_US = ['setpriv', '--pdeathsig', 'KILL', '--'] as const;

export type Env = Readonly<Record<string, string | undefined>>;

export interface Outcome {
  /** Exit code, or 128 + 9 when it had to be killed for overstaying its time. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Env;
  readonly cwd?: string;
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** A server of a bed. */
export interface BedProcess {
  readonly pid: number;
  /** Rejects with the log's place as soon as the process ends while nobody asked it to. */
  assertAlive(): void;
  stop(): Promise<void>;
}

/** Runs a command to its end with exactly the given environment. */
export async function run(
  command: string,
  args: readonly string[],
  { env = {}, cwd, input, timeoutMs = DEFAULT_RUN_MS }: RunOptions = {},
): Promise<Outcome> {
  const child = spawn(command, args, {
    env: { ...env },
    cwd,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  // A command that ends without reading its input is not our error.
  child.stdin.on('error', () => undefined).end(input);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status: code ?? 137, ...output };
}

/** Runs a command that must succeed, and returns what it printed. */
export async function must(
  command: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<string> {
  const { status, stdout, stderr } = await run(command, args, options);
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
}

/** Starts a server whose output goes to `log`. */
export function startProcess(
  command: string,
  args: readonly string[],
  { env, log, input }: { env: Env; log: string; input?: string },
): BedProcess {
  const [first, ...rest] = [...DIES_WITH_US, command, ...args];
  const child = spawn(first, rest, { env: { ...env } });
  const file = createWriteStream(log, { flags: 'a' });
  child.stdout.pipe(file, { end: false });
  child.stderr.pipe(file, { end: false });
  child.stdin.on('error', () => undefined).end(input);
  child.on('error', (error) => file.write(String(error)));
  return {
    pid: child.pid ?? -1,
    assertAlive() {
      if (ended(child)) throw new Error(`${command} ended by itself; its log is ${log}`);
    },
    stop: () => stopChild(child),
  };
}

const ended = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

async function stopChild(child: ChildProcess): Promise<void> {
  if (ended(child)) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
  await gone;
  clearTimeout(late);
}

/** Asks `ready` again and again until it is true; an error of the last try is the reason given. */
export async function until(
  what: string,
  ready: () => Promise<boolean>,
  { timeoutMs = 30_000, pauseMs = 50, alive = [] as readonly BedProcess[] } = {},
): Promise<void> {
  const stopAt = performance.now() + timeoutMs;
  let reason: unknown;
  while (performance.now() < stopAt) {
    for (const process of alive) process.assertAlive();
    try {
      if (await ready()) return;
    } catch (error) {
      reason = error;
    }
    await delay(pauseMs);
  }
  throw new Error(`${what} was not ready within ${timeoutMs} ms`, { cause: reason });
}

/** Lets a server listen on any free port of 127.0.0.1, and tells which. */
export async function listenOnLoopback(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  return address.port;
}

/** A loopback TCP port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenOnLoopback(server);
  server.close();
  await once(server, 'close');
  return port;
}

/** Stops in the opposite order of starting, every one even when one fails. */
export async function stopAll(stops: readonly (() => Promise<unknown>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const stop of stops.toReversed()) {
    await stop().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw new AggregateError(failures, 'a bed did not stop cleanly');
}
