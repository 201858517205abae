import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where `.ci/install` puts what it had to install itself. */
const installed = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'valetkey-ci');

/** The Python that has boto3, moto and the AWS CLI 1. */
export const pythonPath = (): string => pythonWith('boto3', 'moto', 'awscli');

/** The Python that has Google's libraries. */
export const googlePythonPath = (): string => pythonWith('google.auth', 'google.cloud.storage');

/** Microsoft's libraries for Python: a Python of their own. */
export const azurePythonPath = (): string => program(join(installed, 'azure/bin/python3'));

/** The newest Azure CLI, which pins much of what it needs: in a Python of its own. */
export const azPath = (): string => program(join(installed, 'az/bin/az'));

/** The Azure CLI that Debian installs, from before it used MSAL for managed identities. */
export const debianAzPath = (): string => program('/usr/bin/az');

function pythonWith(...modules: readonly string[]): string {
  const script = `import sys, importlib.util as u; assert all(map(u.find_spec, ${JSON.stringify(modules)})); print(sys.executable)`;
  for (const candidate of [join(installed, 'venv/bin/python3'), 'python3']) {
    try {
      return execFileSync(candidate, ['-c', script], { encoding: 'utf8', stdio: 'pipe' }).trim();
    } catch {
      // Not this one; the next, or the error below.
    }
  }
  throw new Error(`no Python with ${modules.join(', ')}: run .ci/install`);
}

/** A script that pip installed beside that Python (`aws`, `moto_server`). */
export const pythonScript = (name: string): string => join(dirname(pythonPath()), name);

/** The AWS CLI 2, as Debian installs it. */
export const awsCli2Path = (): string => program('/usr/bin/aws');

function program(path: string): string {
  if (!existsSync(path)) throw new Error(`no ${path}: run .ci/install`);
  return path;
}
