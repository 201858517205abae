import { execFileSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { readPrivateFile } from '../../src/files/private-file.ts';
import { temporaryHome } from '../support/home.ts';

const refusal = (path: string) =>
  readPrivateFile(path).then(
    () => 'not refused',
    (error: unknown) => error,
  );

test('a private file is read', async () => {
  const path = join(await temporaryHome(), 'secret');
  await writeFile(path, 'x', { mode: 0o600 });
  expect(await readPrivateFile(path)).toBe('x');
});

test('one that others can read is refused, with the command that mends it', async () => {
  const path = join(await temporaryHome(), 'secret');
  await writeFile(path, 'x');
  await chmod(path, 0o640);
  expect(await refusal(path)).toMatchObject({
    code: 'UNSAFE_FILE',
    subject: path,
    reason: 'its mode is 0640',
    hint: expect.stringContaining(`chmod 600 '${path}'`),
  });
});

test.each(['a folder', 'a device'])(
  '%s is refused, and nobody is told to change its mode',
  async (what) => {
    const path = what === 'a device' ? '/dev/null' : await temporaryHome();
    expect(await refusal(path)).toMatchObject({ code: 'UNSAFE_FILE', hint: undefined });
  },
);

test('a pipe of this user’s is read, as shells make it for <(command)', async () => {
  const path = join(await temporaryHome(), 'pipe');
  execFileSync('mkfifo', ['-m', '600', path]);
  const [text] = await Promise.all([readPrivateFile(path), writeFile(path, 'x')]);
  expect(text).toBe('x');
});
