import { randomBytes, timingSafeEqual } from 'node:crypto';

import type { Caller } from '../contract.ts';

/** Limits of the TTL header, seconds. EC2 User Guide, "Use IMDSv2". */
export const TOKEN_MAX_SECONDS = 21_600;

/** Live tokens of one workload. botocore and JavaScript take a new one for every refresh. */
const MAX_TOKENS = 2048;

/** Bytes that find the entry, and bytes that prove it. */
const ID_BYTES = 9;
const SECRET_BYTES = 32;
/** Base64url characters of the id. */
const ID_LENGTH = 12;
const TOKEN_SHAPE = /^[\w-]{55}$/;

interface Entry {
  readonly secret: Buffer;
  /** Who was given it. */
  holder: Caller;
  /** Monotonic, ms. */
  readonly expiresAt: number;
  /** Has it been shown since it was last passed over? Such a one has a client that still needs it. */
  used: boolean;
}

export interface TokenTable {
  mint(holder: Caller, seconds: number): string;
  /** Whose live token this is. */
  holderOf(token: string): Caller | undefined;
  /** Is this a live token of this caller's workload? Then the caller is its holder from now on. */
  check(caller: Caller, token: string): boolean;
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

  function live(tokens: Map<string, Entry>, token: string): Entry | undefined {
    if (!TOKEN_SHAPE.test(token)) return undefined;
    const id = token.slice(0, ID_LENGTH);
    const entry = tokens.get(id);
    if (entry === undefined) return undefined;
    if (!timingSafeEqual(entry.secret, Buffer.from(token.slice(ID_LENGTH), 'latin1'))) {
      return undefined;
    }
    if (monotonic() >= entry.expiresAt) {
      tokens.delete(id);
      return undefined;
    }
    entry.used = true;
    return entry;
  }

  return {
    mint(holder, seconds) {
      const { workload } = holder;
      let tokens = workloads.get(workload);
      if (tokens === undefined) workloads.set(workload, (tokens = new Map()));
      if (tokens.size >= MAX_TOKENS) makeRoom(tokens, monotonic());
      const id = randomBytes(ID_BYTES).toString('base64url');
      const secret = Buffer.from(randomBytes(SECRET_BYTES).toString('base64url'), 'latin1');
      tokens.set(id, { secret, holder, expiresAt: monotonic() + seconds * 1000, used: false });
      return id + secret.toString('latin1');
    },
    holderOf(token) {
      for (const tokens of workloads.values()) {
        const entry = live(tokens, token);
        if (entry !== undefined) return entry.holder;
      }
      return undefined;
    },
    check(caller, token) {
      const tokens = workloads.get(caller.workload);
      const entry = tokens === undefined ? undefined : live(tokens, token);
      if (entry === undefined) return false;
      entry.holder = caller;
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
