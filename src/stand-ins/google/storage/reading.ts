import { jsonReply } from '../reply.ts';
import type { GoogleReply } from '../reply.ts';
import type { StorageCall } from './access.ts';
import type { Bucket, StoredObject } from './buckets.ts';
import { crc32c, md5 } from './checksums.ts';
import { checkPreconditions } from './preconditions.ts';
import { badParameter, noObject, storageRefusal } from './refusals.ts';
import { bucketResource, etagOf, objectResource } from './resources.ts';

/** https://cloud.google.com/storage/docs/json_api/v1/buckets/get */
export function getBucket(call: StorageCall): GoogleReply {
  const bucket = call.bucket(call.params[0] ?? '');
  call.demand('storage.buckets.get', { bucket });
  return jsonReply(bucketResource(bucket, call.base));
}

/** Metadata, or the content with `alt=media`. https://cloud.google.com/storage/docs/json_api/v1/objects/get */
export function getObject(call: StorageCall): GoogleReply {
  const { bucket, object } = readableObject(call);
  if (call.request.query.get('alt') === 'media') return mediaOf(call, object);
  return jsonReply(objectResource(bucket, object, call.base), 200, { etag: etagOf(object) });
}

/** `/download/…` is the content, whatever `alt` says. */
export function downloadObject(call: StorageCall): GoogleReply {
  return mediaOf(call, readableObject(call).object);
}

/** https://cloud.google.com/storage/docs/json_api/v1/buckets/getStorageLayout */
export function getStorageLayout(call: StorageCall): GoogleReply {
  const bucket = call.bucket(call.params[0] ?? '');
  const listPrefix = call.request.query.get('prefix') ?? '';
  call.demand('storage.objects.list', { bucket, listPrefix });
  return jsonReply({
    kind: 'storage#storageLayout',
    bucket: bucket.name,
    location: bucket.location,
    locationType: 'region',
    hierarchicalNamespace: { enabled: false },
  });
}

/** https://cloud.google.com/storage/docs/json_api/v1/buckets/testIamPermissions */
export function testIamPermissions(call: StorageCall): GoogleReply {
  const bucket = call.bucket(call.params[0] ?? '');
  const asked = call.request.query.getAll('permissions');
  if (asked.length === 0) throw badParameter('permissions', 'required');
  const permissions = asked.filter((permission) => call.may(permission, { bucket }));
  return jsonReply({
    kind: 'storage#testIamPermissionsResponse',
    ...(permissions.length === 0 ? {} : { permissions }),
  });
}

function readableObject(call: StorageCall): { bucket: Bucket; object: StoredObject } {
  const [bucketName = '', name = ''] = call.params;
  const bucket = call.bucket(bucketName);
  call.demand('storage.objects.get', { bucket, object: name });
  const object = bucket.objects.get(name);
  const generation = call.request.query.get('generation');
  if (object === undefined || (generation ?? `${object.generation}`) !== `${object.generation}`) {
    throw noObject(bucketName, name);
  }
  checkPreconditions(call.request.query, object);
  return { bucket, object };
}

/** Whole, or one range: RFC 9110 section 14. */
function mediaOf(call: StorageCall, object: StoredObject): GoogleReply {
  const { data } = object;
  const headers = {
    'content-type': object.contentType,
    'accept-ranges': 'bytes',
    'last-modified': new Date(object.createdAt).toUTCString(),
    etag: etagOf(object),
    'x-goog-generation': String(object.generation),
    'x-goog-hash': `crc32c=${crc32c(data)},md5=${md5(data)}`,
    'x-goog-stored-content-length': String(data.length),
  };
  const range = /^bytes=(\d*)-(\d*)$/.exec(call.request.headers.get('range') ?? '');
  if (range === null || (range[1] === '' && range[2] === '')) {
    return { status: 200, headers, body: data };
  }
  const [start, end] =
    range[1] === ''
      ? [Math.max(data.length - Number(range[2]), 0), data.length - 1]
      : [Number(range[1]), Math.min(Number(range[2] || data.length - 1), data.length - 1)];
  if (start >= data.length || end < start) {
    throw storageRefusal(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable');
  }
  const part = { ...headers, 'content-range': `bytes ${start}-${end}/${data.length}` };
  return { status: 206, headers: part, body: data.subarray(start, end + 1) };
}
