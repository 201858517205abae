import { createHmac, hash } from 'node:crypto';

import type { Secret } from '../../../core/secret.ts';

export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret | undefined;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * The headers of a signed POST without a body, `host` and those given among them, all of them signed.
 * The URL's query must be in order and encoded already.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
 */
export function signedHeaders(
  url: URL,
  given: Readonly<Record<string, string>>,
  keys: AwsKeys,
  place: { readonly region: string; readonly service: string; readonly now: number },
): Readonly<Record<string, string>> {
  const date = new Date(place.now).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const scope = [date.slice(0, 8), place.region, place.service, 'aws4_request'];
  const headers: Record<string, string> = { ...given, host: url.host, 'x-amz-date': date };
  if (keys.sessionToken !== undefined) {
    headers['x-amz-security-token'] = keys.sessionToken.reveal();
  }
  const names = Object.keys(headers).sort();
  const canonical = [
    'POST',
    url.pathname,
    url.search.slice(1),
    ...names.map((name) => `${name}:${headers[name]?.trim() ?? ''}`),
    '',
    names.join(';'),
    hash('sha256', ''),
  ].join('\n');
  const toSign = [ALGORITHM, date, scope.join('/'), hash('sha256', canonical)].join('\n');
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${keys.secretAccessKey.reveal()}`);
  const signature = hmac(key, toSign).toString('hex');
  const credential = `${keys.accessKeyId}/${scope.join('/')}`;
  const authorization = `${ALGORITHM} Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...headers, authorization };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
