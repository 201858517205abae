import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { Clock } from '../core/clock.ts';
import { ValetkeyError } from '../core/errors.ts';
import { isErrno } from './atomic-write.ts';

/** Runs `work` while no other process (or caller in this one) holds the lock. */
export type WriteLock = <T>(work: () => Promise<T>) => Promise<T>;

const WAIT_MS = 10_000;
const POLL_MS = 25;
const SQLITE_BUSY = 5; // https://www.sqlite.org/rescode.html#busy

/**
 * A lock between processes, held by the kernel and so gone with its holder at a kill -9: SQLite's
 * file lock on an empty database, the one advisory lock that Node carries on every platform.
 * Waits up to 10 s, then throws `BUSY`. `explain` turns what the system says of a lock that cannot be
 * taken at all into an error for people.
 */
export function createWriteLock(
  path: string,
  clock: Clock,
  explain: (error: unknown) => unknown = (error) => error,
): WriteLock {
  let queue: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = queue.then(async () => {
      const release = await acquire(path, clock).catch((error: unknown) => {
        throw explain(error);
      });
      try {
        return await work();
      } finally {
        release();
      }
    });
    queue = turn.catch(() => {});
    return turn;
  };
}

async function acquire(path: string, clock: Clock): Promise<() => void> {
  const giveUpAt = clock.monotonic() + WAIT_MS;
  // A clock's sleep keeps no process alive, and a command that waits for its turn must not just end.
  const waiting = setInterval(() => {}, WAIT_MS);
  try {
    for (;;) {
      const release = await tryLock(path);
      if (release !== undefined) return release;
      if (clock.monotonic() >= giveUpAt) {
        throw new ValetkeyError('BUSY', {
          reason: `it has held ${path} for more than ${WAIT_MS / 1000} s`,
          hint: 'wait for the other valetkey command to end, then try again',
        });
      }
      await clock.sleep(POLL_MS);
    }
  } finally {
    clearInterval(waiting);
  }
}

/** Takes the lock for as long as the process lives or until released; `undefined` when another has it. */
export async function tryLock(path: string): Promise<(() => void) | undefined> {
  const { DatabaseSync } = await import('node:sqlite');
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  makePrivate(path);
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // Without a journal file, so that a full disk can be locked, too, and a kill leaves no litter.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return () => database.close();
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

/**
 * Whoever may read the file may hold its lock, so it is made before SQLite makes one for everybody.
 * In one go: to close a file ends all locks that this process holds on it, fcntl(2).
 */
function makePrivate(path: string): void {
  try {
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
