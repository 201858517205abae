import { createDecipheriv, createHash, pbkdf2Sync } from 'node:crypto';

import { DER, derContent, derNumber, derOid, derWithin, type DerValue } from './der.ts';
import { costOf, type Spend } from './derivation-cost.ts';

const PBES2 = '1.2.840.113549.1.5.13';
const PBE_SHA1_3DES = '1.2.840.113549.1.12.1.3';
const DIGESTS: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};
const CIPHERS: Readonly<Record<string, readonly [name: string, keyBytes: number]>> = {
  '2.16.840.1.101.3.4.1.2': ['aes-128-cbc', 16],
  '2.16.840.1.101.3.4.1.22': ['aes-192-cbc', 24],
  '2.16.840.1.101.3.4.1.42': ['aes-256-cbc', 32],
  '1.2.840.113549.3.7': ['des-ede3-cbc', 24],
};

/** The file is encrypted in a way that is not known here (RC2 of old tools). */
export class UnknownCipher extends Error {}

/** Content that a password protects: PBES2 (RFC 8018) and 3DES (RFC 7292 appendix B). Throws when it does not open. */
export function decryptContent(
  algorithm: DerValue | undefined,
  ciphertext: Buffer,
  password: string,
  spend: Spend,
): Buffer {
  spend(costOf(algorithm));
  const [oid, parameters] = derWithin(algorithm);
  const [name, key, iv] = keyOf(derOid(oid), derWithin(parameters), password);
  const decipher = createDecipheriv(name, key, iv);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

function keyOf(
  scheme: string,
  parameters: readonly DerValue[],
  password: string,
): readonly [cipher: string, key: Buffer, iv: Buffer] {
  if (scheme === PBES2) return pbes2(parameters, password);
  if (scheme !== PBE_SHA1_3DES) throw new UnknownCipher(scheme);
  const salt = derContent(parameters[0], DER.octets);
  const iterations = derNumber(parameters[1]);
  const derive = (id: number, bytes: number) =>
    pkcs12Key(password, { salt, iterations, id, bytes });
  return ['des-ede3-cbc', derive(1, 24), derive(2, 8)];
}

function pbes2([derivation, encryption]: readonly DerValue[], password: string) {
  const [, kdf] = derWithin(derivation);
  const [salt, iterations, ...more] = derWithin(kdf);
  const prf = more.find(({ tag }) => tag === DER.sequence);
  const digest = prf === undefined ? 'sha1' : DIGESTS[derOid(derWithin(prf)[0])];
  const [oid, iv] = derWithin(encryption);
  const cipher = CIPHERS[derOid(oid)];
  if (digest === undefined || cipher === undefined) throw new UnknownCipher(derOid(oid));
  const [name, bytes] = cipher;
  const rounds = derNumber(iterations);
  const key = pbkdf2Sync(password, derContent(salt, DER.octets), rounds, bytes, digest);
  return [name, key, derContent(iv, DER.octets)] as const;
}

const BLOCK = 64; // of SHA-1, bytes: v in RFC 7292 appendix B.2

function pkcs12Key(
  password: string,
  {
    salt,
    iterations,
    id,
    bytes,
  }: {
    readonly salt: Buffer;
    readonly iterations: number;
    readonly id: number;
    readonly bytes: number;
  },
): Buffer {
  const text = Buffer.from(`${password}\0`, 'utf16le').swap16();
  const input = Buffer.concat([stretched(salt), stretched(text)]);
  const diversifier = Buffer.alloc(BLOCK, id);
  const out: Buffer[] = [];
  for (let length = 0; length < bytes; length += 20) {
    let digest = createHash('sha1').update(diversifier).update(input).digest();
    for (let i = 1; i < iterations; i++) digest = createHash('sha1').update(digest).digest();
    out.push(digest);
    addToBlocks(input, stretched(digest));
  }
  return Buffer.concat(out).subarray(0, bytes);
}

function stretched(bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes;
  return Buffer.alloc(Math.ceil(bytes.length / BLOCK) * BLOCK, bytes);
}

/** Each block plus `addend` plus one, as big numbers. */
function addToBlocks(blocks: Buffer, addend: Buffer): void {
  for (let start = 0; start < blocks.length; start += BLOCK) {
    let carry = 1;
    for (let i = BLOCK - 1; i >= 0; i--) {
      const sum = (blocks[start + i] ?? 0) + (addend[i] ?? 0) + carry;
      blocks[start + i] = sum & 0xff;
      carry = sum >> 8;
    }
  }
}
