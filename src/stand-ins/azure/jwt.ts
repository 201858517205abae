import { constants, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isObject } from '../google/json.ts';
import type { JsonObject } from '../google/json.ts';

/** A compact JWS taken apart, nothing verified. */
export interface DecodedJwt {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly signed: string;
  readonly signature: Buffer;
}

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };

/** RS256. RFC 7515. */
export function signJwt(header: JsonObject, claims: JsonObject, key: KeyObject): string {
  const signed = [{ typ: 'JWT', alg: 'RS256', ...header }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
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

/** RS256 and PS256, by the header's own word; anything else fits nothing. RFC 7518 section 3. */
export function signatureFits(jwt: DecodedJwt, key: KeyObject): boolean {
  const { alg } = jwt.header;
  if (key.asymmetricKeyType !== 'rsa' || (alg !== 'RS256' && alg !== 'PS256')) return false;
  const how = alg === 'PS256' ? { key, ...PSS } : { key };
  return verify('sha256', Buffer.from(jwt.signed), how, jwt.signature);
}
