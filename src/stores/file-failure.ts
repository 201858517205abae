import { toValetkeyError, ValetkeyError } from '../core/errors.ts';

/** A file could not be read: the store is unreachable, whatever the system's reason. */
export function readFailure(error: unknown, path: string): ValetkeyError {
  if (!isSystemError(error)) return toValetkeyError(error);
  return new ValetkeyError('STORE_UNREACHABLE', {
    subject: error.path ?? path,
    reason: `it cannot be read${codeOf(error)}`,
    hint: 'check that the volume is mounted and that this user may read it',
    cause: error,
  });
}

/** A file could not be replaced: what was stored before is still stored. */
export function writeFailure(error: unknown, path: string): ValetkeyError {
  if (!isSystemError(error)) return toValetkeyError(error);
  return new ValetkeyError('STORE_WRITE_FAILED', {
    subject: path,
    reason: REASONS[error.code ?? ''] ?? `the file cannot be written${codeOf(error)}`,
    hint: 'nothing was changed; make room or give this user the right to write there, then try again',
    cause: error,
  });
}

/** Errno names, as in errno(3). */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than this process may write',
  EROFS: 'the file system is read-only',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  // The write lock is the first thing written; where it cannot be made, nothing can.
  ERR_SQLITE_ERROR: 'the lock file beside it cannot be written',
};

/** The system's own errors carry an errno; ours, and faults of the program, are passed on. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && ('errno' in error || 'errcode' in error);
}

const codeOf = ({ code }: NodeJS.ErrnoException): string =>
  code === undefined ? '' : ` (${code})`;
