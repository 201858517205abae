import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

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
  return (await readRegularBytes(path, maxBytes, signal)).toString('utf8');
}

/** The same of a file that need not be text. */
export async function readRegularBytes(
  path: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  signal.throwIfAborted();
  // Opening a pipe waits for its writer, but for this flag; Windows has neither.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error('this is no regular file');
    return await readBounded(file, maxBytes, signal);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    await file.close();
  }
}

/** Not by the size that is told: a kernel's files tell none and some go on for terabytes; others grow. */
async function readBounded(
  file: FileHandle,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(maxBytes + 1);
  let length = 0;
  while (length <= maxBytes) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
  }
  throw new RangeError('the file is too long');
}
