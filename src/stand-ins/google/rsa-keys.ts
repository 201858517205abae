import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export interface RsaKeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** Where private keys come from: each stand-in takes its own, one after another. */
export interface KeySource {
  next(): RsaKeyPair;
}

/**
 * RSA-2048 pairs, made when first needed and kept: a pair takes tens of milliseconds, so stand-ins
 * of one process take theirs from the same row. Within one stand-in no pair is handed out twice.
 */
const made: RsaKeyPair[] = [];

export function createKeySource(): KeySource {
  let taken = 0;
  return {
    next() {
      const at = taken;
      taken += 1;
      const pair = made[at] ?? generateKeyPairSync('rsa', { modulusLength: 2048 });
      made[at] = pair;
      return pair;
    },
  };
}
