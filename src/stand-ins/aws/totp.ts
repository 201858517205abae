import { createHmac } from 'node:crypto';

/** Seconds a virtual MFA device shows one code. RFC 6238, section 5.2. */
const STEP_SECONDS = 30;

/** The six digits a virtual MFA device shows at a moment (ms since the epoch). RFC 6238 with SHA-1. */
function totp(seed: Buffer, at: number, steps = 0): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(stepAt(at) + steps));
  const digest = createHmac('sha1', seed).update(counter).digest();
  // RFC 4226, section 5.3: the last nibble picks the four bytes.
  const offset = (digest[19] ?? 0) & 0xf;
  const number = (digest.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000;
  return String(number).padStart(6, '0');
}

function stepAt(at: number): number {
  return Math.floor(at / 1000 / STEP_SECONDS);
}

/** A device whose codes work once each, in their own step or the one before and after. */
export interface MfaDevice {
  readonly serial: string;
  /** The code to type now. */
  code(): string;
  /** Whether the code is right and was not used before; a right code is then used up. */
  accept(code: string): boolean;
}

export function createMfaDevice(serial: string, seed: Buffer, now: () => number): MfaDevice {
  const used = new Set<number>();
  return {
    serial,
    code: () => totp(seed, now()),
    accept(code) {
      const step = [0, -1, 1].find((steps) => totp(seed, now(), steps) === code);
      if (step === undefined) return false;
      const counter = stepAt(now()) + step;
      if (used.has(counter)) return false;
      used.add(counter);
      return true;
    },
  };
}
