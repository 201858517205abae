import { sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isObject } from './json.ts';
import type { JsonObject } from './json.ts';

/** A compact JWS taken apart, nothing verified. */
export interface DecodedJwt {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly signed: string;
  readonly signature: Buffer;
}

/** RS256, RFC 7515. */
export function signJwt(keyId: string, claims: JsonObject, key: KeyObject): string {
  return signText(keyId, JSON.stringify(claims), key);
}

/** As `signJwt`, with the claims as the caller spelled them. */
export function signText(keyId: string, claims: string, key: KeyObject): string {
  const header = JSON.stringify({ alg: 'RS256', kid: keyId, typ: 'JWT' });
  const signed = [header, claims].map((part) => Buffer.from(part).toString('base64url')).join('.');
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

/** Undefined when it is no compact JWS of two JSON objects. */
export function decodeJwt(token: string): DecodedJwt | undefined {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return undefined;
  const [first = '', second = '', third = ''] = token.split('.');
  try {
    const header: unknown = JSON.parse(Buffer.from(first, 'base64url').toString('utf8'));
    const claims: unknown = JSON.parse(Buffer.from(second, 'base64url').toString('utf8'));
    if (!isObject(header) || !isObject(claims)) return undefined;
    const signature = Buffer.from(third, 'base64url');
    return { header, claims, signed: `${first}.${second}`, signature };
  } catch {
    return undefined;
  }
}

export function signatureFits(jwt: DecodedJwt, key: KeyObject): boolean {
  return verify('sha256', Buffer.from(jwt.signed), key, jwt.signature);
}
