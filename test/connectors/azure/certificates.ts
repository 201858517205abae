import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

/** A folder that is gone with the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'valetkey-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export interface Exported {
  readonly key: string;
  readonly certificates: readonly string[];
  readonly password: string;
  /** Of `openssl pkcs12 -export`. */
  readonly options?: readonly string[];
}

/** A PFX file in base64, as OpenSSL makes them. */
export function pfxOf({ key, certificates, password, options = [] }: Exported): string {
  const path = folder();
  const input = join(path, 'in.pem');
  writeFileSync(input, [key, ...certificates].join('\n'));
  const words = ['pkcs12', '-export', '-in', input, '-passout', `pass:${password}`, ...options];
  const bytes = execFileSync('openssl', words, { stdio: ['ignore', 'pipe', 'ignore'] });
  return bytes.toString('base64');
}
