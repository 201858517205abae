import { createHash } from 'node:crypto';
import { encodeName } from './names.ts';
import type { Bucket, StoredObject } from './buckets.ts';
import { crc32c, md5 } from './checksums.ts';

/** https://cloud.google.com/storage/docs/json_api/v1/buckets#resource */
export function bucketResource(bucket: Bucket, url: string) {
  const time = new Date(bucket.createdAt).toISOString();
  return {
    kind: 'storage#bucket',
    id: bucket.name,
    name: bucket.name,
    selfLink: `${url}/storage/v1/b/${bucket.name}`,
    projectNumber: projectNumber(bucket.project),
    metageneration: '1',
    location: bucket.location,
    locationType: 'region',
    storageClass: 'STANDARD',
    etag: 'CAE=',
    timeCreated: time,
    updated: time,
    iamConfiguration: {
      bucketPolicyOnly: { enabled: true },
      uniformBucketLevelAccess: { enabled: true },
      publicAccessPrevention: 'inherited',
    },
  };
}

/** https://cloud.google.com/storage/docs/json_api/v1/objects#resource */
export function objectResource(bucket: Bucket, object: StoredObject, url: string) {
  const name = encodeName(object.name);
  const generation = String(object.generation);
  const time = new Date(object.createdAt).toISOString();
  return {
    kind: 'storage#object',
    id: `${bucket.name}/${object.name}/${generation}`,
    selfLink: `${url}/storage/v1/b/${bucket.name}/o/${name}`,
    mediaLink: `${url}/download/storage/v1/b/${bucket.name}/o/${name}?generation=${generation}&alt=media`,
    name: object.name,
    bucket: bucket.name,
    generation,
    metageneration: '1',
    contentType: object.contentType,
    storageClass: 'STANDARD',
    size: String(object.data.length),
    md5Hash: md5(object.data),
    crc32c: crc32c(object.data),
    etag: etagOf(object),
    timeCreated: time,
    updated: time,
    timeStorageClassUpdated: time,
    ...(object.metadata === undefined ? {} : { metadata: object.metadata }),
  };
}

export function etagOf(object: StoredObject): string {
  return Buffer.from(`generation ${object.generation}`).toString('base64');
}

/** Twelve digits that stay the same for one project. */
function projectNumber(project: string): string {
  const digest = createHash('sha256').update(project).digest();
  return String(100_000_000_000 + digest.readUIntBE(0, 4));
}
