import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What one client did. `problems` is empty when it saw exactly what it should. */
export interface ClientResult {
  readonly client: string;
  readonly lines: readonly string[];
  /** Of the credential it was given, where the client tells one. */
  readonly accessKeyId: string | undefined;
  readonly problems: readonly string[];
}

export type Environment = Readonly<Record<string, string>>;

const LONGEST_MS = 60_000;

/** Runs a program of this folder, which prints one JSON line of texts. */
export async function runScript(
  name: string,
  args: readonly string[],
  env: Environment,
): Promise<Readonly<Record<string, string>> | { readonly failure: string }> {
  // `.ts` in a checkout, `.js` in the bundle: as this file itself.
  const file = `./${name}${extname(import.meta.url)}`;
  const script = fileURLToPath(new URL(file, import.meta.url));
  const { status, stdout, stderr } = await run(process.execPath, [script, ...args], env);
  if (status !== 0) return { failure: `it ended with ${status}: ${stderr.trim()}` };
  return JSON.parse(stdout) as Record<string, string>;
}

/** What was seen and not expected. */
export function surprises(
  seen: Readonly<Record<string, string>>,
  expected: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.entries(expected)
    .filter(([name, value]) => seen[name] !== value)
    .map(([name, value]) => `${name} was ‘${seen[name]}’, not ‘${value}’`);
}

export function row(what: string, seen: string | undefined): string {
  return `${`${what}:`.padEnd(30)}${seen ?? 'nothing'}`;
}

export async function onPath(name: string, path: string): Promise<string | undefined> {
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

export function run(
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
