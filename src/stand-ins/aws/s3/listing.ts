import { uriEncode } from '../canonical.ts';
import { identityOf } from '../principals.ts';
import { refusal } from '../refusal.ts';
import type { AwsReply } from '../request.ts';
import { regionHeader, s3Answer, s3Reply } from './answers.ts';
import type { Buckets, StoredObject } from './buckets.ts';
import type { BucketCall, S3Call } from './call.ts';

/** Most buckets or keys in one answer. API_ListBuckets, API_ListObjectsV2. */
const MAX_BUCKETS = 10_000;
const MAX_KEYS = 1000;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html */
export function listBuckets(call: S3Call, buckets: Buckets): AwsReply {
  const { account } = identityOf(call.key.principal);
  const prefix = call.query.get('prefix') ?? '';
  const region = call.query.get('bucket-region');
  const after = readToken(call.query.get('continuation-token'));
  const most = readCount(call.query.get('max-buckets'), 'max-buckets', MAX_BUCKETS, 1);
  const found = buckets
    .ofAccount(account)
    .filter(({ name }) => name.startsWith(prefix) && name > after)
    .filter((bucket) => region === null || (bucket.region ?? 'us-east-1') === region);
  const page = found.slice(0, most);
  return s3Answer('ListAllMyBucketsResult', {
    Owner: { ID: account },
    Buckets: {
      Bucket: page.map((bucket) => ({
        Name: bucket.name,
        CreationDate: new Date(bucket.createdAt).toISOString(),
        BucketRegion: bucket.region ?? 'us-east-1',
      })),
    },
    Prefix: prefix === '' ? undefined : prefix,
    ContinuationToken: found.length > most ? writeToken(page.at(-1)?.name) : undefined,
  });
}

export function headBucket(call: BucketCall): AwsReply {
  return s3Reply(200, '', regionHeader(call.bucket));
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html: us-east-1 is written as nothing. */
export function getBucketLocation(call: BucketCall): AwsReply {
  const region = call.bucket.region ?? 'us-east-1';
  return s3Answer('LocationConstraint', region === 'us-east-1' ? '' : region);
}

/**
 * Version 2, and version 1 when `list-type` is absent.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export function listObjects(call: BucketCall): AwsReply {
  const { query, bucket } = call;
  const second = query.get('list-type') === '2';
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const most = readCount(query.get('max-keys'), 'max-keys', MAX_KEYS, 0);
  const token = query.get('continuation-token');
  const start = query.get(second ? 'start-after' : 'marker') ?? '';
  const after = token === null ? start : readToken(token);
  const entries = entriesOf([...bucket.objects.values()], prefix, delimiter);
  const rest = entries.filter(({ name }) => name > after);
  const page = rest.slice(0, most);
  const truncated = rest.length > page.length && most > 0;
  const last = truncated ? page.at(-1)?.name : undefined;
  const url = query.get('encoding-type') === 'url';
  const text = (name: string): string => (url ? uriEncode(name).replaceAll('%2F', '/') : name);
  return s3Answer('ListBucketResult', {
    Name: bucket.name,
    Prefix: text(prefix),
    Delimiter: delimiter === '' ? undefined : text(delimiter),
    MaxKeys: most,
    EncodingType: url ? 'url' : undefined,
    KeyCount: second ? page.length : undefined,
    StartAfter: second && start !== '' ? text(start) : undefined,
    Marker: second ? undefined : text(start),
    ContinuationToken: token ?? undefined,
    IsTruncated: truncated,
    NextContinuationToken: second && last !== undefined ? writeToken(last) : undefined,
    NextMarker: second || last === undefined ? undefined : text(last),
    Contents: page.flatMap(({ object }) =>
      object === undefined
        ? []
        : [
            {
              Key: text(object.key),
              LastModified: new Date(object.modifiedAt).toISOString(),
              ETag: object.etag,
              Size: object.data.length,
              StorageClass: 'STANDARD',
            },
          ],
    ),
    CommonPrefixes: page.flatMap(({ name, object }) =>
      object === undefined ? [{ Prefix: text(name) }] : [],
    ),
  });
}

interface Entry {
  readonly name: string;
  /** Undefined = a common prefix. */
  readonly object: StoredObject | undefined;
}

/** Keys in UTF-8 byte order, rolled up to the delimiter. */
function entriesOf(objects: readonly StoredObject[], prefix: string, delimiter: string): Entry[] {
  const entries = new Map<string, Entry>();
  for (const object of objects) {
    if (!object.key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : object.key.indexOf(delimiter, prefix.length);
    const name = end === -1 ? object.key : object.key.slice(0, end + delimiter.length);
    entries.set(name, { name, object: end === -1 ? object : undefined });
  }
  return [...entries.values()].sort((a, b) =>
    Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
  );
}

/** Tokens are opaque to clients; a made-up one is refused. */
function writeToken(name = ''): string {
  return Buffer.from(`after:${name}`).toString('base64url');
}

function readToken(token: string | null): string {
  if (token === null) return '';
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (text.startsWith('after:')) return text.slice('after:'.length);
  throw refusal('InvalidArgument', 400, 'The continuation token provided is incorrect');
}

function readCount(text: string | null, name: string, most: number, least: number): number {
  if (text === null) return most;
  const count = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (count < least)
    throw refusal('InvalidArgument', 400, `Provided ${name} not an integer or within range`);
  return Math.min(count, most);
}
