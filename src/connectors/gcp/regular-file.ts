import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/**
 * The text of a file that somebody else named. A pipe or a device is refused without waiting for it:
 * it could go on for ever. Throws the file system's own errors, `RangeError` when it has more than
 * `maxBytes`, or the signal's reason.
 */
export async function readRegularFile(
  path: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  // Opening a pipe waits for its writer, but for this flag; Windows has neither.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error('this is no regular file');
    if (stat.size > maxBytes) throw new RangeError('the file is too long');
    return await file.readFile({ encoding: 'utf8', signal });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    await file.close();
  }
}
