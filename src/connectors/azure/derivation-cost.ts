import { DER, derNumber, derOid, derValues, derWithin, type DerValue } from './der.ts';

/**
 * Units a file may cost in all, each about a microsecond in which everybody else waits. OpenSSL takes 2 048
 * iterations for each of its parts, the careful 600 000.
 */
const MOST = 2_000_000;
/** What an iteration of the older derivation (RFC 7292 appendix B) costs. */
const OLDER = 10;

/** Opening the file would take minutes or hours: iterations cost who reads them, not who wrote them. */
export class TooCostly extends Error {}

/** Takes from what is left for a file. Throws `TooCostly`. */
export type Spend = (units: number) => void;

export function derivationBudget(): Spend {
  let left = MOST;
  return (units) => {
    if (units < 1 || units > left) throw new TooCostly();
    left -= units;
  };
}

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const SCRYPT = '1.3.6.1.4.1.11591.4.11';

/** Of an algorithm that derives its key from a password: PBES2 (RFC 8018, RFC 7914), or PKCS #12's and #5's older ones. */
export function costOf(algorithm: DerValue | undefined): number {
  const [oid, parameters] = derWithin(algorithm);
  if (derOid(oid) !== PBES2) return derNumber(derWithin(parameters)[1]) * OLDER;
  const [derivation, derived] = derWithin(derWithin(parameters)[0]);
  const [, second, third, fourth] = derWithin(derived);
  switch (derOid(derivation)) {
    case PBKDF2:
      return derNumber(second);
    case SCRYPT:
      return derNumber(second) * derNumber(third) * derNumber(fourth);
    default:
      throw new RangeError('the derivation is not known');
  }
}

/** Of an encrypted PKCS #8 key. */
export function costOfKey(key: Buffer): number {
  return costOf(derWithin(derValues(key)[0], DER.sequence)[0]);
}
