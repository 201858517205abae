import { ValetkeyError, type ErrorCode } from '../../../core/errors.ts';
import type { Secret } from '../../../core/secret.ts';
import type { Machine } from '../../contract.ts';
import { splitCommand } from '../../outbound/command-line.ts';
import { ProgramError, runProgram } from '../../outbound/program.ts';
import type { ExecutableSource } from '../credential-source.ts';
import type { ExternalAccount } from '../external-account.ts';
import { readRegularFile } from '../../../files/regular-file.ts';
import { readProgramAnswer, type ProgramAnswer } from './program-answer.ts';
import type { SourceContext } from './source-context.ts';
import { SUBJECT_TOKEN_MAX_BYTES } from './token-format.ts';

const FROM = 'credential_source.executable';
const HINT = 'run the command by hand and see what it says';

/**
 * A program of the machine prints the token. Who may say which is decided before: see the connector's
 * `allow_executable`. https://google.aip.dev/auth/4117
 */
export async function executableToken(
  source: ExecutableSource,
  { account, machine, signal }: SourceContext,
): Promise<Secret> {
  signal.throwIfAborted();
  const { subjectTokenType } = account;
  const cached = await leftBehind(source, subjectTokenType, machine, signal);
  if (cached !== undefined) return cached;
  const output = await run(source, account, machine, signal);
  const answer = readProgramAnswer(output, subjectTokenType, FROM);
  if (answer.kind === 'failure') throw answer.error;
  const { token, expiresAt } = answer;
  if (source.outputFile !== undefined && expiresAt === undefined) {
    throw failed('UPSTREAM_MALFORMED', 'with an output_file it must state an expiration_time');
  }
  if (expiresAt !== undefined && expiresAt <= machine.clock.now()) {
    throw failed('CREDENTIAL_EXPIRED', 'the token that it prints has expired already');
  }
  return token;
}

/** What an earlier run left in its file, while it lasts. Anything else there is the next run's to mend. */
async function leftBehind(
  { outputFile }: ExecutableSource,
  tokenType: string,
  { clock }: Machine,
  signal: AbortSignal,
): Promise<Secret | undefined> {
  if (outputFile === undefined) return undefined;
  let answer: ProgramAnswer;
  try {
    const text = await readRegularFile(outputFile, SUBJECT_TOKEN_MAX_BYTES, signal);
    answer = readProgramAnswer(text, tokenType, FROM);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
  if (answer.kind === 'failure' || (answer.expiresAt ?? 0) <= clock.now()) return undefined;
  return answer.token;
}

const CODES = {
  'not-started': 'CONFIG_INVALID',
  status: 'UPSTREAM_DENIED',
  'too-much': 'UPSTREAM_MALFORMED',
  'too-late': 'UPSTREAM_UNAVAILABLE',
} as const;

async function run(
  source: ExecutableSource,
  account: ExternalAccount,
  { env, clock }: Machine,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await runProgram(wordsOf(source.command), {
      env: environment(env, source, account),
      clock,
      timeoutMs: source.timeoutMs,
      maxOutputBytes: SUBJECT_TOKEN_MAX_BYTES,
      signal,
    });
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw failed(CODES[error.why], error.message, error.said);
  }
}

/**
 * The daemon's own variables, but for those that would lead the program back to the daemon
 * (`GCE_METADATA_*`) or are nobody else's business (`VALETKEY_*`), and what the program is to know.
 */
function environment(
  env: Machine['env'],
  { outputFile }: ExecutableSource,
  { audience, subjectTokenType, impersonation }: ExternalAccount,
): Machine['env'] {
  const own = Object.entries(env).filter(
    ([name]) => !/^(?:GCE_METADATA|VALETKEY|GOOGLE_EXTERNAL_ACCOUNT)_/i.test(name),
  );
  return {
    ...Object.fromEntries(own),
    GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE: audience,
    GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE: subjectTokenType,
    GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE: '0',
    ...(impersonation && { GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL: impersonation.email }),
    ...(outputFile === undefined ? {} : { GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE: outputFile }),
  };
}

function wordsOf(command: string): readonly [string, ...string[]] {
  try {
    const [program, ...words] = splitCommand(command, process.platform === 'win32');
    if (program !== undefined) return [program, ...words];
  } catch {
    // Said below: the command itself is not quoted, it may hold a secret.
  }
  throw failed('CONFIG_INVALID', 'the command cannot be split into words');
}

function failed(code: ErrorCode, reason: string, cause?: unknown): ValetkeyError {
  return new ValetkeyError(code, { subject: FROM, reason, hint: HINT, cause });
}
