import { spawn } from 'node:child_process';

import type { Machine } from '../contract.ts';
import { ValetkeyError } from '../../core/errors.ts';
import { splitCommand } from './command-line.ts';
import { readProcessDocument, type TimedKeys } from './credential-document.ts';

const TIMEOUT_MS = 60_000; // aws-sdk-go-v2 processcreds.DefaultTimeout
const MAX_OUTPUT_BYTES = 65_536;
const FROM = 'credential_process';

/**
 * Runs a profile's `credential_process`.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
 */
export async function processKeys(
  command: string,
  machine: Machine,
  signal: AbortSignal,
): Promise<TimedKeys> {
  const output = await run(wordsOf(command), machine, signal);
  return readProcessDocument(output, FROM, machine.clock.now());
}

function wordsOf(command: string): readonly [string, ...string[]] {
  try {
    const [program, ...words] = splitCommand(command, process.platform === 'win32');
    if (program !== undefined) return [program, ...words];
  } catch {
    // Said below: the command itself is not quoted, it may hold a secret.
  }
  throw failed('CONFIG_INVALID', 'the command cannot be split into words', undefined);
}

/** What the program prints; its end, its output and its time are bounded, and it dies with `signal`. */
async function run(
  [program, ...words]: readonly [string, ...string[]],
  machine: Machine,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  const done = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(program, words, {
    env: { ...machine.env },
    shell: false,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let size = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    stdout.push(chunk);
    if (size > MAX_OUTPUT_BYTES) {
      reject(failed('UPSTREAM_MALFORMED', 'it prints too much', undefined));
    }
  });
  child.stderr.on('data', (chunk: Buffer) => {
    if (stderr.length < 4) stderr.push(chunk.subarray(0, 1_024));
  });
  child.on('error', (error) => reject(failed('CONFIG_INVALID', 'it cannot be started', error)));
  child.on('close', (status) => {
    const said = Buffer.concat(stderr).toString('utf8');
    if (status === 0) resolve(Buffer.concat(stdout).toString('utf8'));
    else reject(failed('UPSTREAM_DENIED', `it ended with status ${status ?? 'unknown'}`, said));
  });
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  machine.clock.sleep(TIMEOUT_MS, done.signal).then(
    () => reject(failed('UPSTREAM_UNAVAILABLE', 'it has not ended within a minute', undefined)),
    () => {},
  );
  try {
    return await promise;
  } finally {
    done.abort();
    signal.removeEventListener('abort', onAbort);
    // A grandchild may hold the pipes open; nothing more is read from them.
    child.kill('SIGKILL');
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

function failed(
  code: 'CONFIG_INVALID' | 'UPSTREAM_DENIED' | 'UPSTREAM_MALFORMED' | 'UPSTREAM_UNAVAILABLE',
  reason: string,
  cause: unknown,
): ValetkeyError {
  const hint = 'run the profile’s credential_process by hand and see what it says';
  return new ValetkeyError(code, { subject: FROM, reason, hint, cause });
}
