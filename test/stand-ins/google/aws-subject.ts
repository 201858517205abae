import { createHash, createHmac } from 'node:crypto';

export interface CallerIdentityOptions {
  readonly keys: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly audience: string;
  /** ms since the epoch. */
  readonly at: number;
  readonly secret?: string;
  readonly host?: string;
  readonly service?: string;
  readonly query?: string;
  readonly method?: string;
}

/** A GetCallerIdentity request signed as google-auth's clients do it, as a subject token. */
export function signedCallerIdentity(options: CallerIdentityOptions): string {
  const {
    keys,
    audience,
    at,
    secret = keys.secretAccessKey,
    host = 'sts.eu-west-1.amazonaws.com',
    service = 'sts',
    query = 'Action=GetCallerIdentity&Version=2011-06-15',
    method = 'POST',
  } = options;
  const date = new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = date.slice(0, 8);
  const scope = `${day}/eu-west-1/${service}/aws4_request`;
  const signedHeaders = 'host;x-amz-date';
  const canonical = [
    method,
    '/',
    query,
    `host:${host}\nx-amz-date:${date}\n`,
    signedHeaders,
    hash(''),
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', date, scope, hash(canonical)].join('\n');
  const key = [day, 'eu-west-1', service, 'aws4_request'].reduce<Buffer>(
    (last, piece) => hmac(last, piece),
    Buffer.from(`AWS4${secret}`),
  );
  const authorization = `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${hmac(key, text).toString('hex')}`;
  const headers = Object.entries({
    authorization,
    host,
    'x-amz-date': date,
    'x-goog-cloud-target-resource': audience,
  }).map(([name, value]) => ({ key: name, value }));
  return encodeURIComponent(JSON.stringify({ url: `https://${host}/?${query}`, method, headers }));
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
