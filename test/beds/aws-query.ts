import { amzDate, authorization, type Keys } from './sigv4.ts';

export type Params = Readonly<Record<string, string>>;

/** Form encoding with `%20`: Ceph reads a `+` of a form body literally. */
const formBody = (params: Params): string =>
  Object.entries(params)
    .map((pair) => pair.map(rfc3986).join('='))
    .join('&');

const rfc3986 = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );

export interface SignedForm {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A form for an AWS Query API, signed. */
export function signForm(
  host: string,
  { service, region = 'us-east-1' }: { service: string; region?: string },
  params: Params,
  keys: Keys,
): SignedForm {
  const body = formBody(params);
  const date = amzDate();
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    host,
    'x-amz-date': date,
    ...(keys.sessionToken === undefined ? {} : { 'x-amz-security-token': keys.sessionToken }),
  };
  const parts = { method: 'POST', path: '/', query: '', headers, body, date, region, service };
  return { headers: { ...headers, authorization: authorization(parts, keys) }, body };
}

/** One call of an AWS Query API (IAM, STS); returns the XML. Throws on every status but 200. */
export async function callQuery(
  endpoint: string,
  service: string,
  params: Params,
  keys: Keys,
): Promise<string> {
  const { headers, body } = signForm(new URL(endpoint).host, { service }, params, keys);
  const response = await fetch(endpoint, { method: 'POST', headers, body });
  const text = await response.text();
  if (response.status === 200) return text;
  throw new Error(`${service} ${params['Action']} answered ${response.status}: ${text}`);
}

/** The text of the first `<name>` element. */
export function xmlText(xml: string, name: string): string {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  if (found === undefined) throw new Error(`no <${name}> in ${xml}`);
  return found.replaceAll('&amp;', '&');
}

/** AssumeRole, by hand: the reference against which the product's own way is judged. */
export async function assumeRole(
  endpoint: string,
  keys: Keys,
  asked: { roleArn: string; seconds: number; policy?: object },
): Promise<Required<Keys> & { readonly expiration: string }> {
  const xml = await callQuery(
    endpoint,
    'sts',
    {
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: asked.roleArn,
      RoleSessionName: 'bed',
      DurationSeconds: String(asked.seconds),
      ...(asked.policy === undefined ? {} : { Policy: JSON.stringify(asked.policy) }),
    },
    keys,
  );
  return {
    accessKeyId: xmlText(xml, 'AccessKeyId'),
    secretAccessKey: xmlText(xml, 'SecretAccessKey'),
    sessionToken: xmlText(xml, 'SessionToken'),
    expiration: xmlText(xml, 'Expiration'),
  };
}
