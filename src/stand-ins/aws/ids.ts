import { randomBytes, randomInt, randomUUID } from 'node:crypto';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * A unique id with the prefix AWS uses for the kind of thing, 21 characters, or 20 for keys.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
 */
export function uniqueId(prefix: 'AKIA' | 'ASIA' | 'AIDA' | 'AROA'): string {
  const letters = prefix === 'AKIA' || prefix === 'ASIA' ? 16 : 17;
  return prefix + Array.from({ length: letters }, () => BASE32[randomInt(BASE32.length)]).join('');
}

/** 40 characters, as every AWS secret access key. */
export function secretAccessKey(): string {
  return randomBytes(30).toString('base64');
}

/** Real session tokens are opaque base64 of several hundred characters. */
export function sessionToken(): string {
  return `IQoJb3JpZ2luX2Vj${randomBytes(390).toString('base64')}`;
}

export function requestId(): string {
  return randomUUID();
}
