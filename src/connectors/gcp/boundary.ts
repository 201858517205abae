import type { Access } from '../../core/credential.ts';
import { fullNameOf, type BucketPath } from './bucket.ts';
import type { AccessBoundaryRule, GcpScope } from './cloud.ts';

/*
 * What storage clients need, by access. What the roles hold:
 * https://cloud.google.com/storage/docs/access-control/iam-roles. Rules and conditions:
 * https://cloud.google.com/iam/docs/downscoping-short-lived-credentials
 */

/** Objects: list and get; also create, overwrite and delete; also their access lists. */
const ON_OBJECTS: Readonly<Record<Access, string>> = {
  read: 'roles/storage.objectViewer',
  write: 'roles/storage.objectUser',
  full: 'roles/storage.objectAdmin',
};
/** `storage.buckets.get`, which clients ask for first, and `storage.objects.list`. */
const LOOK = 'roles/storage.legacyBucketReader';

/** The OAuth scope for every bucket of the account. https://cloud.google.com/storage/docs/oauth-scopes */
export const STORAGE_SCOPES: Readonly<Record<Access, string>> = {
  read: 'https://www.googleapis.com/auth/devstorage.read_only',
  write: 'https://www.googleapis.com/auth/devstorage.read_write',
  full: 'https://www.googleapis.com/auth/devstorage.full_control',
};

/** The smallest scope in which storage clients work; without a path, for every bucket. */
export function bucketScope(path: BucketPath | undefined, access: Access): GcpScope {
  if (path === undefined) return { scopes: [STORAGE_SCOPES[access]] };
  return { boundary: [path.prefix === undefined ? onBucket(path, access) : below(path, access)] };
}

function onBucket({ bucket }: BucketPath, access: Access): AccessBoundaryRule {
  return {
    availableResource: fullNameOf(bucket),
    availablePermissions: [`inRole:${ON_OBJECTS[access]}`, `inRole:${LOOK}`],
  };
}

/** A listing is an act on the bucket; what it is asked for is told by an attribute of the request. */
function below({ bucket, prefix = '' }: BucketPath, access: Access): AccessBoundaryRule {
  const objects = quoted(`projects/_/buckets/${bucket}/objects/${prefix}`);
  const listed = `api.getAttribute('storage.googleapis.com/objectListPrefix', '')`;
  return {
    availableResource: fullNameOf(bucket),
    availablePermissions: [`inRole:${ON_OBJECTS[access]}`],
    availabilityCondition: {
      title: 'prefix',
      expression: `resource.name.startsWith(${objects}) || ${listed}.startsWith(${quoted(prefix)})`,
    },
  };
}

/**
 * A text in the Common Expression Language. Unescaped, a quote in a prefix would end the text, and what
 * follows it would be judged as a condition: `' || true || '` would open the whole bucket.
 * https://github.com/google/cel-spec/blob/master/doc/langdef.md#string-and-bytes-values
 */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
