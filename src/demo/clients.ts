import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { BUCKET, KEY, OTHER_BUCKET } from './cloud.ts';

/** What one client did. `problems` is empty when it saw exactly what it should. */
export interface ClientResult {
  readonly client: string;
  readonly lines: readonly string[];
  readonly accessKeyId: string | undefined;
  readonly problems: readonly string[];
}

type Environment = Readonly<Record<string, string>>;

const LONGEST_MS = 60_000;

/** The AWS SDK for JavaScript v3, which comes with this package. */
export async function runSdk(env: Environment): Promise<ClientResult> {
  // `.ts` in a checkout, `.js` in the bundle: as this file itself.
  const file = `./aws-client${extname(import.meta.url)}`;
  const script = fileURLToPath(new URL(file, import.meta.url));
  const { status, stdout, stderr } = await run(
    process.execPath,
    [script, BUCKET, OTHER_BUCKET, KEY],
    env,
  );
  const client = 'AWS SDK for JavaScript v3';
  if (status !== 0) {
    return {
      client,
      lines: [],
      accessKeyId: undefined,
      problems: [`it ended with ${status}: ${stderr.trim()}`],
    };
  }
  const seen = JSON.parse(stdout) as Record<string, string>;
  const expected = { readOwn: 'ok', writeOwn: 'AccessDenied', readOther: 'AccessDenied' };
  return {
    client,
    accessKeyId: seen['accessKeyId'],
    lines: [
      row('who am I', seen['arn']),
      row(`read s3://${BUCKET}/${KEY}`, seen['readOwn']),
      row(`write s3://${BUCKET}/new`, seen['writeOwn']),
      row(`read s3://${OTHER_BUCKET}/${KEY}`, seen['readOther']),
    ],
    problems: Object.entries(expected)
      .filter(([name, value]) => seen[name] !== value)
      .map(([name, value]) => `${name} was ‘${seen[name]}’, not ‘${value}’`),
  };
}

/** The AWS CLI, where the machine has one; `undefined` where it has none. */
export async function runCli(env: Environment): Promise<ClientResult | undefined> {
  const cli = await onPath('aws', env['PATH'] ?? '');
  if (cli === undefined) return undefined;
  const own = await run(cli, ['s3', 'ls', `s3://${BUCKET}/`], env);
  const other = await run(cli, ['s3', 'ls', `s3://${OTHER_BUCKET}/`], env);
  const denied = other.stderr.includes('AccessDenied');
  return {
    client: 'AWS CLI',
    accessKeyId: undefined,
    lines: [
      row(`s3 ls s3://${BUCKET}/`, own.stdout.trim() || own.stderr.trim()),
      row(`s3 ls s3://${OTHER_BUCKET}/`, denied ? 'AccessDenied' : `exit ${other.status}`),
    ],
    problems: [
      ...(own.status === 0 && own.stdout.includes(KEY) ? [] : ['it could not list its own bucket']),
      ...(denied ? [] : ['it was not denied the other bucket']),
    ],
  };
}

function row(what: string, seen: string | undefined): string {
  return `${`${what}:`.padEnd(30)}${seen ?? 'nothing'}`;
}

async function onPath(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder, name);
    const found = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  return undefined;
}

function run(
  command: string,
  args: readonly string[],
  env: Environment,
): Promise<{ readonly status: number | string; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LONGEST_MS,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (part: Buffer) => (stdout += part.toString('utf8')));
    child.stderr.on('data', (part: Buffer) => (stderr += part.toString('utf8')));
    child.on('error', (error) => resolve({ status: error.message, stdout, stderr }));
    child.on('close', (code, signal) =>
      resolve({ status: code ?? signal ?? 'unknown', stdout, stderr }),
    );
  });
}
