import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * The object checksums S3 clients send, by the name after `x-amz-checksum-`; each in base64.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
const CHECKSUMS: Readonly<Record<string, (data: Buffer) => string>> = {
  crc32: (data) => uint32(crc32(data)),
  crc32c: (data) => uint32(crc32c(data)),
  crc64nvme: crc64Nvme,
  sha1: (data) => createHash('sha1').update(data).digest('base64'),
  sha256: (data) => createHash('sha256').update(data).digest('base64'),
};

const PREFIX = 'x-amz-checksum-';
/** Headers with the prefix that describe a checksum instead of carrying one. */
const NOT_VALUES = new Set([
  'x-amz-checksum-mode',
  'x-amz-checksum-type',
  'x-amz-checksum-algorithm',
]);

/** The first header whose checksum does not fit the payload, or which names no known algorithm. */
export function wrongChecksum(
  headers: ReadonlyMap<string, string>,
  payload: Buffer,
): string | undefined {
  for (const [name, value] of headers) {
    if (name === 'content-md5' && md5(payload).toString('base64') !== value) return name;
    if (!name.startsWith(PREFIX) || NOT_VALUES.has(name)) continue;
    if (CHECKSUMS[name.slice(PREFIX.length)]?.(payload) !== value) return name;
  }
  return undefined;
}

export function md5(data: Buffer): Buffer {
  return createHash('md5').update(data).digest();
}

function uint32(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes.toString('base64');
}

/** Castagnoli polynomial, reflected. RFC 3720, appendix B.4. */
const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (value & 1 ? 0x82f6_3b78 : 0);
  return value >>> 0;
});

function crc32c(data: Buffer): number {
  let crc = 0xffff_ffff;
  for (const byte of data) crc = (crc >>> 8) ^ (CRC32C_TABLE[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

/** CRC-64/NVME, reflected polynomial 9a6c9329ac4bc9b5, as two 32-bit halves: BigInt is far too slow. */
const CRC64_HIGH = new Uint32Array(256);
const CRC64_LOW = new Uint32Array(256);
for (let index = 0; index < 256; index += 1) {
  let [high, low] = [0, index];
  for (let bit = 0; bit < 8; bit += 1) {
    const odd = low & 1;
    low = (low >>> 1) | ((high & 1) << 31);
    high >>>= 1;
    if (odd) [high, low] = [high ^ 0x9a6c_9329, low ^ 0xac4b_c9b5];
  }
  CRC64_HIGH[index] = high;
  CRC64_LOW[index] = low;
}

function crc64Nvme(data: Buffer): string {
  let [high, low] = [0xffff_ffff, 0xffff_ffff];
  for (const byte of data) {
    const index = (low ^ byte) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ (CRC64_LOW[index] ?? 0);
    high = (high >>> 8) ^ (CRC64_HIGH[index] ?? 0);
  }
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(~high >>> 0, 0);
  bytes.writeUInt32BE(~low >>> 0, 4);
  return bytes.toString('base64');
}
