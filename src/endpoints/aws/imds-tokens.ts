import { randomBytes, timingSafeEqual } from 'node:crypto';

/** Limits of the TTL header, seconds. EC2 User Guide, "Use IMDSv2". */
export const TOKEN_MAX_SECONDS = 21_600;

/** Live tokens of one workload. botocore and JavaScript take a new one for every refresh. */
const MAX_TOKENS = 2048;

/** Bytes that find the entry, and bytes that prove it. */
const ID_BYTES = 9;
const SECRET_BYTES = 32;
/** Base64url characters of the id. */
const ID_LENGTH = 12;
const TOKEN_LENGTH = 55;

interface Entry {
  readonly secret: Buffer;
  /** Monotonic, ms. */
  readonly expiresAt: number;
  /** Has it been shown since it was last passed over? Such a one has a client that still needs it. */
  used: boolean;
}

export interface TokenTable {
  mint(workload: string, seconds: number): string;
  /** Is this a live token of this workload? */
  check(workload: string, token: string): boolean;
  /** How many are held, for tests of the bound. */
  size(): number;
}

/**
 * Session tokens of the instance metadata service: 256 random bits each, bound to the workload that
 * asked, ended by the monotonic clock. Held per workload, so that one that asks a thousand times a
 * second evicts only its own; within one workload tokens in use outlive those never shown again
 * (second-chance order).
 */
export function createTokenTable(monotonic: () => number): TokenTable {
  const workloads = new Map<string, Map<string, Entry>>();

  return {
    mint(workload, seconds) {
      let tokens = workloads.get(workload);
      if (tokens === undefined) workloads.set(workload, (tokens = new Map()));
      if (tokens.size >= MAX_TOKENS) makeRoom(tokens, monotonic());
      const id = randomBytes(ID_BYTES).toString('base64url');
      const secret = Buffer.from(randomBytes(SECRET_BYTES).toString('base64url'), 'latin1');
      tokens.set(id, { secret, expiresAt: monotonic() + seconds * 1000, used: false });
      return id + secret.toString('latin1');
    },
    check(workload, token) {
      if (token.length !== TOKEN_LENGTH) return false;
      const tokens = workloads.get(workload);
      const id = token.slice(0, ID_LENGTH);
      const entry = tokens?.get(id);
      if (tokens === undefined || entry === undefined) return false;
      if (!timingSafeEqual(entry.secret, Buffer.from(token.slice(ID_LENGTH), 'latin1'))) {
        return false;
      }
      if (monotonic() >= entry.expiresAt) {
        tokens.delete(id);
        return false;
      }
      entry.used = true;
      return true;
    },
    size: () => [...workloads.values()].reduce((sum, tokens) => sum + tokens.size, 0),
  };
}

/** Drops one token: the oldest that has ended or was not used since its last turn. */
function makeRoom(tokens: Map<string, Entry>, now: number): void {
  for (const [id, entry] of tokens) {
    tokens.delete(id);
    if (!entry.used || now >= entry.expiresAt) return;
    // Appended entries are visited again by the same loop, then unused: it ends after one round.
    entry.used = false;
    tokens.set(id, entry);
  }
}
