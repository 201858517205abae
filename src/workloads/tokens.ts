import { hash, randomBytes } from 'node:crypto';
import { join } from 'node:path';

import type { Clock } from '../core/clock.ts';
import { isErrno, writeFileAtomically } from '../files/atomic-write.ts';
import { readPrivateFile } from '../files/private-file.ts';

/** How long a replaced secret is still taken, so that a running client can read the new file. */
export const TOKEN_OVERLAP_MS = 10 * 60_000;
const TOKEN_BYTES = 32; // invariant 6: 256 bits
const LONGEST = 1_024;

/** The bearer secrets of all workloads, each in a 0600 file of its own. */
export interface Tokens {
  /** Reads the workload's secret, making one where there is none. A changed file replaces, with overlap. */
  load(workload: string): Promise<{ readonly token: string; readonly file: string }>;
  /** The workload a presented secret belongs to. Found by digest, so timing tells nothing of the secret. */
  workloadOf(token: string): string | undefined;
  /** Changes whenever an answer of `workloadOf` might. */
  generation(): number;
  /** The workloads themselves changed: nothing remembered of an earlier answer holds. */
  reloaded(): void;
  forget(workload: string): void;
}

interface Known {
  readonly workload: string;
  /** Monotonic ms; infinite for the current secret. */
  readonly until: number;
}

export function createTokens(directory: string, clock: Clock): Tokens {
  const byDigest = new Map<string, Known>();
  let generation = 0;
  let nextEnd = Infinity; // when the first replaced secret runs out: nothing to look at before

  function adopt(workload: string, token: string): void {
    const digest = digestOf(token);
    const current = byDigest.get(digest);
    if (current?.workload === workload && current.until === Infinity) return;
    const until = clock.monotonic() + TOKEN_OVERLAP_MS;
    for (const [other, known] of byDigest) {
      if (known.workload === workload && known.until === Infinity) {
        byDigest.set(other, { workload, until });
      }
    }
    byDigest.set(digest, { workload, until: Infinity });
    nextEnd = Math.min(nextEnd, until);
    generation += 1;
  }

  function dropEnded(): void {
    const now = clock.monotonic();
    if (now < nextEnd) return;
    nextEnd = Infinity;
    for (const [digest, { until }] of byDigest) {
      if (until <= now) byDigest.delete(digest);
      else nextEnd = Math.min(nextEnd, until);
    }
    generation += 1;
  }

  return {
    async load(workload) {
      const file = join(directory, workload);
      const token = (await readToken(file)) ?? (await makeToken(file));
      adopt(workload, token);
      return { token, file };
    },
    workloadOf(token) {
      if (token.length > LONGEST) return undefined;
      dropEnded();
      return byDigest.get(digestOf(token))?.workload;
    },
    generation() {
      dropEnded();
      return generation;
    },
    reloaded: () => void (generation += 1),
    forget(workload) {
      for (const [digest, known] of byDigest) {
        if (known.workload === workload) byDigest.delete(digest);
      }
      generation += 1;
    },
  };
}

async function readToken(file: string): Promise<string | undefined> {
  try {
    const token = (await readPrivateFile(file)).trimEnd();
    return /^[\x21-\x7e]{32,1024}$/.test(token) ? token : undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** No newline at the end: SDKs send the file's content verbatim as a header. */
async function makeToken(file: string): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  await writeFileAtomically(file, token, { mode: 0o600 });
  return token;
}

function digestOf(token: string): string {
  return hash('sha256', token);
}
