import { ACCESS, ofKind, type Credential } from '../../../core/credential.ts';
import { ValetkeyError } from '../../../core/errors.ts';
import { secret } from '../../../core/secret.ts';
import { defineResourceType } from '../../contract.ts';
import { bucketScope, STORAGE_SCOPES } from '../boundary.ts';
import { formatBucketPath, parseBucketPath } from '../bucket.ts';
import type { GcpCloud, GcpScope } from '../cloud.ts';
import { requireScope } from '../own-scopes.ts';
import { textOf } from '../../fields/text-of.ts';
import { placeOf } from '../place.ts';

/** https://cloud.google.com/iam/docs/downscoping-short-lived-credentials */
export default defineResourceType<GcpCloud, GcpScope>({
  kind: 'gcs-bucket',
  title: 'Cloud Storage bucket',
  description:
    'One bucket, what lies below a prefix of one, or every bucket of the project. read: list and fetch objects. write: also store, overwrite and delete them, in parts too. full: also their access lists and retention; never the bucket’s own settings. One bucket or prefix is a Credential Access Boundary: the token is worth nothing elsewhere, and the bucket must have uniform bucket-level access. Below a prefix, only that prefix can be listed, and a client that first looks at the bucket as a whole (get_bucket) is refused. All buckets are an OAuth scope: whatever the identity may do in Cloud Storage, for the kind of access.',
  permissions: [
    'storage.buckets.list',
    'storage.buckets.get',
    'storage.objects.list',
    'storage.objects.get',
    'storage.objects.create',
    'storage.objects.update',
    'storage.objects.delete',
  ],
  idFormats: [
    'gs://<bucket>[/<prefix>/]',
    '//storage.googleapis.com/projects/_/buckets/<bucket>',
    '<bucket>[/<prefix>/]',
  ],
  instances: true,
  access: ACCESS,

  canonical: (id) => formatBucketPath(parseBucketPath(id)),

  covers(outer, inner) {
    const [wide, narrow] = [parseBucketPath(outer), parseBucketPath(inner)];
    return wide.bucket === narrow.bucket && (narrow.prefix ?? '').startsWith(wide.prefix ?? '');
  },

  narrow({ id, access }, config) {
    // A connector whose own scopes would not let that through is not widened by a boundary.
    requireScope(config, STORAGE_SCOPES[access]);
    return bucketScope(id === undefined ? undefined : parseBucketPath(id), access);
  },

  async *list({ cloud, credential, config, signal }) {
    const pages = cloud.storage.listBuckets(
      tokenOf(credential),
      projectOf(config),
      placeOf(config),
      signal,
    );
    for await (const names of pages) yield names.map((bucket) => `gs://${bucket}`);
  },

  async verify({ cloud, credential, config, signal, resource }) {
    const [token, place] = [tokenOf(credential), placeOf(config)];
    if (resource.id === undefined) {
      // One page proves it.
      const pages = cloud.storage.listBuckets(token, projectOf(config), place, signal);
      for await (const _ of pages) return;
      return;
    }
    const { bucket, prefix } = parseBucketPath(resource.id);
    await cloud.storage.probeList(token, bucket, prefix, place, signal);
  },
});

function tokenOf(credential: Credential) {
  return secret(ofKind(credential, 'access-token').token);
}

function projectOf(config: Readonly<Record<string, unknown>>): string {
  const project = textOf(config, 'project_id');
  if (project !== undefined) return project;
  throw new ValetkeyError('INPUT_INVALID', {
    subject: 'project_id',
    reason: 'buckets are listed by project, and the connector names none',
    hint: 'give it: project_id=data-prod-123456',
  });
}
