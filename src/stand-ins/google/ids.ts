import { randomBytes, randomInt } from 'node:crypto';

/** 21 digits, as every Google account's and service account's numeric id. */
export function numericId(): string {
  return `1${Array.from({ length: 20 }, () => randomInt(10)).join('')}`;
}

/** A key id: 40 hex digits, as `private_key_id` of a key file. */
export function keyId(): string {
  return randomBytes(20).toString('hex');
}

/** Opaque, and as long as real ones; the letter after the dot differs by origin there too. */
export function accessToken(origin: 'c' | 'a0' | 'd' | 'dr'): string {
  return `ya29.${origin}.${randomBytes(150).toString('base64url')}`;
}

export function refreshToken(): string {
  return `1//0${randomBytes(60).toString('base64url')}`;
}

export function oauthClient(): { readonly clientId: string; readonly clientSecret: string } {
  return {
    clientId: `${String(randomInt(1e11, 2e11))}-${randomBytes(16).toString('hex')}.apps.googleusercontent.com`,
    clientSecret: `GOCSPX-${randomBytes(21).toString('base64url')}`,
  };
}
