import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { isatty } from 'node:tty';

import type { Clock } from '../../core/clock.ts';

/** Why a program gave no usable output. `said` is the beginning of its standard error, for the log alone. */
export class ProgramError extends Error {
  readonly why: 'not-started' | 'status' | 'too-much' | 'too-late';
  readonly said: unknown;

  constructor(why: ProgramError['why'], message: string, said?: unknown) {
    super(message);
    this.why = why;
    this.said = said;
  }
}

export interface ProgramOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** ms until it is ended. */
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
  readonly signal: AbortSignal;
}

/**
 * What a program prints, started without a shell. Its end, its output and its time are bounded, and it
 * dies with `signal` or at this process's exit, in a service with all that it has started. Throws `ProgramError`, or the
 * signal's reason.
 */
export async function runProgram(
  [program, ...words]: readonly [string, ...string[]],
  { env, clock, timeoutMs, maxOutputBytes, signal }: ProgramOptions,
): Promise<string> {
  signal.throwIfAborted();
  const done = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = start(program, words, env);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let size = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    stdout.push(chunk);
    if (size > maxOutputBytes) reject(new ProgramError('too-much', 'it prints too much'));
  });
  child.stderr.on('data', (chunk: Buffer) => {
    if (stderr.length < 4) stderr.push(chunk.subarray(0, 1_024));
  });
  child.on('error', (error) =>
    reject(new ProgramError('not-started', 'it cannot be started', error)),
  );
  child.on('close', (status) => {
    const said = Buffer.concat(stderr).toString('utf8');
    if (status === 0) resolve(Buffer.concat(stdout).toString('utf8'));
    else reject(new ProgramError('status', `it ended with status ${status ?? 'unknown'}`, said));
  });
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const onExit = () => endGroup(child);
  process.once('exit', onExit);
  clock.sleep(timeoutMs, done.signal).then(
    () => reject(new ProgramError('too-late', `it has not ended within ${timeoutMs / 1000} s`)),
    () => {},
  );
  try {
    return await promise;
  } finally {
    done.abort();
    signal.removeEventListener('abort', onAbort);
    process.removeListener('exit', onExit);
    // A grandchild may hold the pipes open; nothing more is read from them.
    endGroup(child);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

function start(
  program: string,
  words: readonly string[],
  env: ProgramOptions['env'],
): ChildProcessByStdio<null, Readable, Readable> {
  try {
    return spawn(program, words, {
      env: { ...env },
      shell: false,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      detached: hasOwnGroup(),
    });
  } catch {
    // Node's own check of a word, such as one with a null byte; it quotes the word, maybe a secret.
    throw new ProgramError('not-started', 'it cannot be started: a word of it is not valid');
  }
}

/** Where a person sits, it stays in the group of the terminal: it may have to ask for a passphrase there. */
function hasOwnGroup(): boolean {
  return process.platform !== 'win32' && !isatty(0);
}

/**
 * A program that hangs often waits for one that it has started, and would leave it behind at each try.
 * What outlives a program that has ended by itself was meant to.
 */
function endGroup(child: ChildProcess): void {
  const { pid, exitCode, signalCode } = child;
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    if (hasOwnGroup()) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
  child.kill('SIGKILL');
}
