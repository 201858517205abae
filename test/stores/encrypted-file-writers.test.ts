import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { generateIdentity } from 'age-encryption';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { SecretId } from '../../src/core/ids.ts';
import encryptedFile from '../../src/stores/encrypted-file.ts';
import { fieldsOf } from '../conformance/secret-store.ts';

let directory: string;
let keyFile: string;
const id = (text: string) => SecretId.parse(text);
const sealed = () => join(directory, 'secrets.age');
const open = () => encryptedFile.open({ directory, keyFile, service: 'valetkey-test' });

beforeEach(async () => {
  const home = await mkdtemp(join(tmpdir(), 'valetkey-age-'));
  directory = join(home, 'secrets');
  keyFile = join(home, 'key.txt');
  await writeFile(keyFile, await generateIdentity(), { mode: 0o600 });
});
afterEach(() => rm(join(directory, '..'), { recursive: true, force: true }));

/** Runs `test/stores/writer.ts` on this store, in a process of its own. */
function startWriter(args: readonly string[], command: readonly string[] = []) {
  const [program = '', ...rest] = [
    ...command,
    process.execPath,
    fileURLToPath(new URL('./writer.ts', import.meta.url)),
    directory,
    keyFile,
    ...args,
  ];
  return spawn(program, rest, { env: {}, stdio: ['ignore', 'pipe', 'inherit'] });
}

describe('writers of the encrypted file', () => {
  it('in two processes lose none of each other’s items', async () => {
    const writers = [startWriter(['left', '12']), startWriter(['right', '12'])];
    const ends = await Promise.all(writers.map((writer) => once(writer, 'close')));
    expect(ends.map(([code]: unknown[]) => code)).toEqual([0, 0]);
    expect(await (await open()).list()).toHaveLength(24);
  });

  it('killed at any instant lose nothing they said was written, and leave no litter', async () => {
    for (const after of [1, 4, 9]) {
      const writer = startWriter([`kill${after}`, '100000']);
      const written: string[] = [];
      for await (const line of createInterface(writer.stdout)) {
        written.push(line);
        if (written.length === after) writer.kill('SIGKILL');
      }
      expect(written.length).toBeGreaterThanOrEqual(after);
      const listed = await (await open()).list();
      for (const name of written) expect(listed).toContain(name);
    }
    await writeFile(join(directory, '.secrets.age.0123456789ab.tmp'), 'left by a killed writer');
    await (await open()).set(id('item'), fieldsOf({}));
    expect((await readdir(directory)).toSorted()).toEqual(['secrets.age', 'secrets.lock']);
  });

  it('that may write no more say so, and every item is still there', async () => {
    const store = await open();
    await store.set(id('item'), fieldsOf({ field: 'x'.repeat(20_000) }));
    const before = await readFile(sealed());
    // 8 blocks are 4 or 8 KiB, less than the file has already: any write of it breaks off half-way.
    const writer = startWriter(['limited', '1'], ['sh', '-c', 'ulimit -f 8; exec "$@"', 'sh']);
    const lines: string[] = [];
    for await (const line of createInterface(writer.stdout)) lines.push(line);
    expect(lines).toEqual(['STORE_WRITE_FAILED']);
    expect(await readFile(sealed())).toEqual(before);
    expect((await readdir(directory)).toSorted()).toEqual(['secrets.age', 'secrets.lock']);
    expect(await store.list()).toEqual(['item']);
  });
});
