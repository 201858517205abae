import { isObject, textOf } from '../json.ts';
import { jsonReply } from '../reply.ts';
import type { GoogleReply } from '../reply.ts';
import type { StorageCall } from './access.ts';
import type { Bucket, StoredObject } from './buckets.ts';
import { readDescription } from './content.ts';
import { checkPreconditions } from './preconditions.ts';
import { noObject, storageRefusal } from './refusals.ts';
import { objectResource } from './resources.ts';
import { demandWrite } from './uploads.ts';

/** Most sources of one composition. */
const MAX_SOURCES = 32;

/** https://cloud.google.com/storage/docs/json_api/v1/objects/delete */
export function deleteObject(call: StorageCall): GoogleReply {
  const [bucketName = '', name = ''] = call.params;
  const bucket = call.bucket(bucketName);
  call.demand('storage.objects.delete', { bucket, object: name });
  const object = bucket.objects.get(name);
  if (object === undefined) throw noObject(bucketName, name);
  checkPreconditions(call.request.query, object);
  bucket.objects.delete(name);
  return { status: 204, headers: {}, body: '' };
}

/** Whole at once. https://cloud.google.com/storage/docs/json_api/v1/objects/rewrite */
export function rewriteObject(call: StorageCall): GoogleReply {
  const { bucket, object } = copy(call);
  const size = String(object.data.length);
  return jsonReply({
    kind: 'storage#rewriteResponse',
    totalBytesRewritten: size,
    objectSize: size,
    done: true,
    resource: objectResource(bucket, object, call.base),
  });
}

/** https://cloud.google.com/storage/docs/json_api/v1/objects/copy */
export function copyObject(call: StorageCall): GoogleReply {
  const { bucket, object } = copy(call);
  return jsonReply(objectResource(bucket, object, call.base));
}

function copy(call: StorageCall): { bucket: Bucket; object: StoredObject } {
  const [fromBucket = '', fromName = '', toBucket = '', toName = ''] = call.params;
  const { query, body } = call.request;
  const source = sourceOf(call, call.bucket(fromBucket), fromName);
  checkPreconditions(query, source, 'Source');
  const bucket = call.bucket(toBucket);
  demandWrite(call, bucket, toName);
  checkPreconditions(query, bucket.objects.get(toName));
  const described = readDescription(body.toString('utf8'));
  const object = bucket.put({
    name: toName,
    data: source.data,
    contentType: described.contentType ?? source.contentType,
    metadata: described.metadata ?? source.metadata,
  });
  return { bucket, object };
}

/** https://cloud.google.com/storage/docs/json_api/v1/objects/compose */
export function composeObject(call: StorageCall): GoogleReply {
  const [bucketName = '', name = ''] = call.params;
  const bucket = call.bucket(bucketName);
  const { sources, contentType } = readComposition(call.request.body.toString('utf8'));
  const parts = sources.map((source) => sourceOf(call, bucket, source).data);
  demandWrite(call, bucket, name);
  checkPreconditions(call.request.query, bucket.objects.get(name));
  const object = bucket.put({ name, data: Buffer.concat(parts), contentType });
  return jsonReply(objectResource(bucket, object, call.base));
}

function readComposition(text: string): { sources: readonly string[]; contentType: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw storageRefusal(400, 'parseError', 'Parse Error');
  }
  const listed = isObject(value) ? value['sourceObjects'] : undefined;
  const entries: unknown[] = Array.isArray(listed) ? listed : [];
  const sources = entries.flatMap((entry) =>
    isObject(entry) ? (textOf(entry, 'name') ?? []) : [],
  );
  if (sources.length === 0 || sources.length > MAX_SOURCES || sources.length !== entries.length) {
    throw storageRefusal(400, 'invalid', `You must provide 1 to ${MAX_SOURCES} source components.`);
  }
  const destination = isObject(value) ? value['destination'] : undefined;
  const given = isObject(destination) ? textOf(destination, 'contentType') : undefined;
  return { sources, contentType: given ?? 'application/octet-stream' };
}

function sourceOf(call: StorageCall, bucket: Bucket, name: string): StoredObject {
  call.demand('storage.objects.get', { bucket, object: name });
  const object = bucket.objects.get(name);
  if (object === undefined) throw noObject(bucket.name, name);
  return object;
}
