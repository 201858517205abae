import { sign } from 'node:crypto';
import type { RsaKeyPair } from './rsa-keys.ts';

/*
 * DER by hand, as little as a self-signed X.509 v1 certificate needs (RFC 5280 section 4.1): clients
 * that read `/oauth2/v1/certs` want certificates and no bare keys.
 */

/** PEM of a certificate on the key, good from a day before `now` (ms) to a year after. */
export function certificate(pair: RsaKeyPair, name: string, now: number): string {
  const algorithm = sequence(oid('2a864886f70d01010b'), der(0x05, Buffer.alloc(0)));
  const holder = sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))));
  const body = sequence(
    der(0x02, Buffer.from([1])),
    algorithm,
    holder,
    sequence(time(now - 24 * 3600 * 1000), time(now + 365 * 24 * 3600 * 1000)),
    holder,
    pair.publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', body, pair.privateKey);
  const whole = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  return length < 0x100
    ? Buffer.concat([Buffer.from([tag, 0x81, length]), content])
    : Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

/** UTCTime: two digits of the year. */
function time(at: number): Buffer {
  const text = new Date(at).toISOString().replace(/[-:T]|\.\d{3}/g, '');
  return der(0x17, Buffer.from(text.slice(2)));
}
