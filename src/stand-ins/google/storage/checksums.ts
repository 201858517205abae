import { createHash } from 'node:crypto';

/** RFC 3720 Castagnoli, reflected: Cloud Storage's own checksum. */
const POLYNOMIAL = 0x82f6_3b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value;
});

/** Base64 of the big-endian checksum, as objects carry it. */
export function crc32c(data: Buffer): string {
  let value = 0xffff_ffff;
  for (const byte of data) value = (TABLE[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE((value ^ 0xffff_ffff) >>> 0);
  return bytes.toString('base64');
}

export function md5(data: Buffer): string {
  return createHash('md5').update(data).digest('base64');
}
