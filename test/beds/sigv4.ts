import { createHash, createHmac } from 'node:crypto';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SignedParts {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Values of the headers to sign, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest();

/**
 * The `Authorization` header of Signature Version 4. Written from the specification and not taken from
 * the SDK under test, so that the beds can judge it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function authorization(parts: SignedParts, keys: Keys): string {
  const names = Object.keys(parts.headers).sort();
  const canonical = [
    parts.method,
    parts.path,
    parts.query,
    ...names.map((name) => `${name}:${parts.headers[name]?.trim().replaceAll(/ +/g, ' ')}`),
    '',
    names.join(';'),
    sha256(parts.body),
  ].join('\n');
  const day = parts.date.slice(0, 8);
  const scope = `${day}/${parts.region}/${parts.service}/aws4_request`;
  const dayKey = hmac(`AWS4${keys.secretAccessKey}`, day);
  const key = hmac(hmac(hmac(dayKey, parts.region), parts.service), 'aws4_request');
  const toSign = `AWS4-HMAC-SHA256\n${parts.date}\n${scope}\n${sha256(canonical)}`;
  const signature = hmac(key, toSign).toString('hex');
  return (
    `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, ` +
    `SignedHeaders=${names.join(';')}, Signature=${signature}`
  );
}

export interface Claim {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
}

/** What an `Authorization` header claims; `undefined` when it is not Signature Version 4. */
export function readAuthorization(header: string | undefined): Claim | undefined {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+)/.exec(
      header ?? '',
    );
  const [, accessKeyId, region, service, names] = found ?? [];
  if (!accessKeyId || !region || !service || !names) return undefined;
  return { accessKeyId, region, service, signedHeaders: names.split(';') };
}

/** Now, as Signature Version 4 writes it. */
export const amzDate = (): string => new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, '');

/** ms since the epoch, or NaN. */
export const readAmzDate = (date: string): number =>
  Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
