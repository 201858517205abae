import { open } from 'node:fs/promises';

import { ValetkeyError } from '../core/errors.ts';

const OTHERS = 0o077;

/**
 * Reads a file that must be private to its owner: another user's file, or one that group or others
 * can read, is `UNSAFE_FILE` (invariant 6). Checked on the open handle, so it cannot be swapped
 * between check and read. Windows has no such mode bits and is not checked.
 */
export async function readPrivateFile(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const stat = await file.stat();
    const { mode, uid } = stat;
    // A pipe is how shells write `<(command)`. To be told to change a folder's mode would do harm.
    if (!stat.isFile() && !stat.isFIFO()) {
      throw new ValetkeyError('UNSAFE_FILE', { subject: path, reason: 'it is no file' });
    }
    const own = process.getuid?.();
    if (own !== undefined) {
      if (uid !== own && uid !== 0) refuse(path, 'it belongs to another user');
      if ((mode & OTHERS) !== 0) refuse(path, `its mode is 0${(mode & 0o777).toString(8)}`);
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function refuse(path: string, reason: string): never {
  throw new ValetkeyError('UNSAFE_FILE', {
    subject: path,
    reason,
    hint: `run: chmod 600 '${path}' (and check that nobody has read it)`,
  });
}
