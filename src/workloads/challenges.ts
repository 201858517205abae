import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Clock } from '../core/clock.ts';
import { ValetkeyError } from '../core/errors.ts';

/** Whom a shown key proves: the user who could read the file, at the listener it was written for. */
export interface Proven {
  readonly listener: string;
  readonly uid: number;
}

/**
 * Local proof of identity without a secret in the environment: a file that only one user can read,
 * whose content is shown in the next request. Azure Arc's agent recognises its callers like this.
 * https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
 */
export interface Challenges {
  /** Writes a file for `uid` and tells its absolute path. Throws `UNSAFE_FILE` when it cannot. */
  write(listener: string, uid: number): Promise<string>;
  /** Each key proves once. */
  take(key: string): Proven | undefined;
  /** Removes every file that is still there. */
  close(): Promise<void>;
}

const KEY_BYTES = 32; // invariant 6: 256 bits
const LIFE_MS = 60_000;
const MOST = 64; // unanswered ones; the oldest goes

interface Open extends Proven {
  readonly file: string;
  readonly until: number;
}

export function createChallenges(directory: string, clock: Clock): Challenges {
  const byKey = new Map<string, Open>();
  const closing = new AbortController();
  let watching = false;

  function drop(key: string): void {
    const found = byKey.get(key);
    byKey.delete(key);
    if (found !== undefined) void rm(found.file, { force: true }).catch(() => {});
  }

  function tidy(): void {
    const now = clock.monotonic();
    for (const [key, { until }] of byKey) if (until <= now) drop(key);
    for (const key of [...byKey.keys()].slice(0, Math.max(0, byKey.size - MOST))) drop(key);
  }

  /** Nobody may ask again: a file does not outlive its key all the same. One look for all that there are. */
  async function watch(): Promise<void> {
    if (watching) return;
    watching = true;
    try {
      for (let [next] = byKey.values(); next !== undefined; [next] = byKey.values()) {
        await clock.sleep(Math.max(0, next.until - clock.monotonic()), closing.signal);
        tidy();
      }
    } finally {
      watching = false;
    }
  }

  return {
    async write(listener, uid) {
      const key = randomBytes(KEY_BYTES).toString('base64url');
      const file = join(directory, `${randomUUID()}.key`);
      try {
        await mkdir(directory, { recursive: true, mode: 0o755 });
        // Exclusive: what lies in wait there under this name, a link too, is not written to.
        const handle = await open(file, 'wx', 0o600);
        try {
          await handle.writeFile(key); // no line end: clients send the content as it is
          // By handle: a link that somebody has put in the file's place since is not followed.
          if (uid !== process.getuid?.()) await handle.chown(uid, -1);
        } finally {
          await handle.close();
        }
      } catch (cause) {
        await rm(file, { force: true }).catch(() => {});
        throw new ValetkeyError('UNSAFE_FILE', {
          subject: directory,
          reason: 'no file can be written there that the client’s user alone can read',
          hint: 'let the daemon’s user own the folder; for another user’s clients it has to run as root',
          cause,
        });
      }
      byKey.set(key, { listener, uid, file, until: clock.monotonic() + LIFE_MS });
      tidy(); // after the writing: many may have been at it at once
      watch().catch(() => {}); // ends when close() aborts the sleep
      return file;
    },
    take(key) {
      tidy();
      const found = byKey.get(key);
      drop(key);
      return found === undefined ? undefined : { listener: found.listener, uid: found.uid };
    },
    async close() {
      closing.abort();
      const files = [...byKey.values()].map(({ file }) => rm(file, { force: true }));
      byKey.clear();
      await Promise.allSettled(files);
    },
  };
}
