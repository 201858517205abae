import { identityOf } from '../../aws/principals.ts';
import type { AwsRequest } from '../../aws/request.ts';
import { parseAuthorization, verifySignature } from '../../aws/sigv4.ts';
import { isObject, textOf } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { Provider } from '../pools.ts';
import { oauthRefusal } from '../refusal.ts';

const HOST = /^sts(?:\.[a-z0-9-]+)?\.amazonaws\.com$/;
const TARGET = 'x-goog-cloud-target-resource';

/**
 * Who signed a GetCallerIdentity request: Google sends it on to AWS, the stand-in verifies it
 * itself. The token is percent-encoded JSON `{url, method, headers: [{key, value}]}`.
 * https://cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds#rest
 */
export function awsClaims(provider: Provider, token: string, now: number): JsonObject {
  const { aws } = provider;
  if (aws === undefined) throw new Error('a provider without an AWS account was asked');
  const request = readSigned(token);
  const target = request.headers.get(TARGET);
  if (target !== provider.audience && target !== `https:${provider.audience}`) {
    throw invalidGrant(`The ${TARGET} header does not match the audience.`);
  }
  if (parseAuthorization(request)?.service !== 'sts') {
    throw invalidGrant('The AWS request is not signed for STS.');
  }
  const verified = verifySignature(request, aws.keys.findKey, now);
  if (typeof verified === 'string') {
    throw invalidGrant(`Received an error from AWS for the signed request: ${verified}.`);
  }
  const { account, arn, userId } = identityOf(verified.key.principal);
  if (account !== aws.account) {
    throw invalidGrant(`The AWS account ${account} does not match the provider's.`);
  }
  return { account, arn, userid: userId };
}

function readSigned(token: string): AwsRequest {
  const signed = parse(token);
  const url = URL.parse(textOf(signed, 'url') ?? '');
  const headers = readHeaders(signed['headers']);
  const good =
    url !== null &&
    url.protocol === 'https:' &&
    HOST.test(url.host) &&
    url.pathname === '/' &&
    url.searchParams.get('Action') === 'GetCallerIdentity' &&
    url.searchParams.get('Version') === '2011-06-15' &&
    signed['method'] === 'POST' &&
    (signed['body'] ?? '') === '' &&
    headers?.get('host') === url.host;
  if (!good) throw invalidGrant('The subject token is no GetCallerIdentity request of AWS STS.');
  const query = url.search.slice(1);
  return { method: 'POST', path: url.pathname, query, headers, body: Buffer.alloc(0) };
}

function parse(token: string): JsonObject {
  try {
    const value: unknown = JSON.parse(decodeURIComponent(token));
    if (isObject(value)) return value;
  } catch {
    // falls through: every misspelling is the same refusal
  }
  throw invalidGrant('Unable to parse the AWS request in the subject token.');
}

/** Undefined when one is no header, or stands there twice. */
function readHeaders(value: unknown): ReadonlyMap<string, string> | undefined {
  if (!Array.isArray(value)) return undefined;
  const headers = new Map<string, string>();
  for (const entry of value as unknown[]) {
    const name = isObject(entry) ? textOf(entry, 'key')?.toLowerCase() : undefined;
    const text = isObject(entry) ? textOf(entry, 'value') : undefined;
    if (name === undefined || text === undefined || headers.has(name)) return undefined;
    headers.set(name, text);
  }
  return headers;
}

function invalidGrant(message: string): Error {
  return oauthRefusal(400, 'invalid_grant', message);
}
