import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { must } from '../beds/process.ts';

/** Nothing built or downloaded yet, on two busy cores: 3 minutes were seen. For `beforeAll`. */
export const COLD_BUILD_MS = 10 * 60_000;
const sources = new URL('clients/', import.meta.url).pathname;
const out = new URL('../../node_modules/.cache/valetkey-interop/', import.meta.url).pathname;

/** What the builds leave: executables and class paths. */
export const programs = {
  go: join(out, 'go-v2/client'),
  java: `${join(out, 'java-v2/classes')}:${join(out, 'java-v2/lib')}/*`,
  rust: join(out, 'rust/debug/client'),
  googleGo: join(out, 'google/go/client'),
  googleJava: `${join(out, 'google/java/classes')}:${join(out, 'google/java/lib')}/*`,
  azureGo: join(out, 'azure/go/client'),
  azureJava: `${join(out, 'azure/java/classes')}:${join(out, 'azure/java/lib')}/*`,
};

export const buildGo = (): Promise<void> => goBuild('go-v2', programs.go);
export const buildGoogleGo = (): Promise<void> => goBuild('google/go', programs.googleGo);
export const buildAzureGo = (): Promise<void> => goBuild('azure/go', programs.azureGo);

const goBuild = (name: string, executable: string): Promise<void> =>
  once(name, 'go', ['build', '-mod=readonly', '-o', executable, '.']);

export const buildJava = (): Promise<void> => mavenBuild('java-v2');
export const buildGoogleJava = (): Promise<void> => mavenBuild('google/java');
export const buildAzureJava = (): Promise<void> => mavenBuild('azure/java');

const mavenBuild = (name: string): Promise<void> =>
  once(name, 'mvn', ['-B', '-q', `-Dclient.build.directory=${join(out, name)}`, 'process-classes']);

export const buildRust = (): Promise<void> =>
  once('rust', 'cargo', ['build', '--locked', '--quiet', '--target-dir', join(out, 'rust')]);

/** Builds one folder's sources unless these very sources were built before. */
async function once(name: string, command: string, args: readonly string[]): Promise<void> {
  const stamp = join(out, name, 'stamp');
  const wanted = await fingerprint(join(sources, name));
  if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return;
  await mkdir(join(out, name), { recursive: true });
  await must(command, args, {
    cwd: join(sources, name),
    env: process.env,
    timeoutMs: COLD_BUILD_MS,
  });
  await writeFile(stamp, wanted);
}

async function fingerprint(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(file).update(await readFile(file));
  return hash.digest('hex');
}
