import type { Machine } from '../contract.ts';
import { ValetkeyError } from '../../core/errors.ts';
import { splitCommand } from '../outbound/command-line.ts';
import { ProgramError, runProgram } from '../outbound/program.ts';
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

async function run(
  words: readonly [string, ...string[]],
  { env, clock }: Machine,
  signal: AbortSignal,
): Promise<string> {
  const limits = { timeoutMs: TIMEOUT_MS, maxOutputBytes: MAX_OUTPUT_BYTES };
  try {
    return await runProgram(words, { env, clock, signal, ...limits });
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw failed(CODES[error.why], error.message, error.said);
  }
}

const CODES = {
  'not-started': 'CONFIG_INVALID',
  status: 'UPSTREAM_DENIED',
  'too-much': 'UPSTREAM_MALFORMED',
  'too-late': 'UPSTREAM_UNAVAILABLE',
} as const;

function failed(
  code: 'CONFIG_INVALID' | 'UPSTREAM_DENIED' | 'UPSTREAM_MALFORMED' | 'UPSTREAM_UNAVAILABLE',
  reason: string,
  cause: unknown,
): ValetkeyError {
  const hint = 'run the profile’s credential_process by hand and see what it says';
  return new ValetkeyError(code, { subject: FROM, reason, hint, cause });
}
