import { refusal } from '../refusal.ts';
import type { AwsReply, AwsRequest } from '../request.ts';
import { accessDenied, noSuchKey, s3Reply } from './answers.ts';
import { storeObject } from './buckets.ts';
import type { StoredObject } from './buckets.ts';
import type { ObjectCall } from './call.ts';

/** GetObject and HeadObject, with one byte range. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export function getObject(call: ObjectCall): AwsReply {
  const object = call.bucket.objects.get(call.objectKey);
  if (object === undefined) throw absent(call);
  const headers = {
    'content-type': 'binary/octet-stream',
    ...object.headers,
    etag: object.etag,
    'last-modified': new Date(object.modifiedAt).toUTCString(),
    'accept-ranges': 'bytes',
  };
  const range = readRange(call.request.headers.get('range'), object);
  if (range === undefined) {
    return s3Reply(200, object.data, { ...headers, 'content-length': String(object.data.length) });
  }
  const [first, last] = range;
  return s3Reply(206, object.data.subarray(first, last + 1), {
    ...headers,
    'content-range': `bytes ${first}-${last}/${object.data.length}`,
  });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export function putObject(call: ObjectCall): AwsReply {
  const { request, bucket, objectKey, payload, now } = call;
  if (request.headers.has('x-amz-copy-source')) {
    throw refusal(
      'NotImplemented',
      501,
      'A header you provided implies functionality that is not implemented',
    );
  }
  if (request.headers.get('if-none-match') === '*' && bucket.objects.has(objectKey)) {
    throw refusal(
      'PreconditionFailed',
      412,
      'At least one of the pre-conditions you specified did not hold',
    );
  }
  const { etag } = storeObject(bucket, objectKey, payload, keptHeaders(request), now);
  return s3Reply(200, '', { etag });
}

/** Deleting what is not there succeeds too. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export function deleteObject(call: ObjectCall): AwsReply {
  call.bucket.objects.delete(call.objectKey);
  return s3Reply(204, '');
}

export function keptHeaders(request: AwsRequest): Record<string, string> {
  return Object.fromEntries(
    [...request.headers].filter(
      ([name]) => name === 'content-type' || name.startsWith('x-amz-meta-'),
    ),
  );
}

/** Who may not list the bucket does not learn that a key is missing. API_GetObject, "Permissions". */
function absent(call: ObjectCall): Error {
  return call.may('s3:ListBucket', `arn:aws:s3:::${call.bucket.name}`)
    ? noSuchKey()
    : accessDenied();
}

/** `bytes=0-9`, `bytes=10-`, `bytes=-5`; anything else is ignored, as RFC 9110 section 14.2 allows. */
function readRange(header: string | undefined, object: StoredObject): [number, number] | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (found === null || (found[1] === '' && found[2] === '')) return undefined;
  const size = object.data.length;
  const [from = '', to = ''] = found.slice(1);
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first > last) {
    throw refusal('InvalidRange', 416, 'The requested range is not satisfiable', {
      'content-range': `bytes */${size}`,
    });
  }
  return [first, last];
}
