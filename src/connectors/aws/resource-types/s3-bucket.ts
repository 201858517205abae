import { ACCESS } from '../../../core/credential.ts';
import { keysOf } from '../access-key.ts';
import { invalid, partitionOfRegion } from '../arn.ts';
import { formatBucketPath, parseBucketPath } from '../bucket.ts';
import type { AwsCloud, AwsScope } from '../cloud.ts';
import { textOf } from '../../fields/text-of.ts';
import { s3Place } from '../place.ts';
import { bucketScope, READ_ACTIONS } from '../bucket-scope.ts';
import { defineResourceType } from '../../contract.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-overview.html */
export default defineResourceType<AwsCloud, AwsScope>({
  kind: 's3-bucket',
  title: 'S3 bucket',
  description:
    'One bucket, what lies below a prefix of one, or every bucket of the account. read: list and fetch objects. write: also store and delete them, in parts too. full: also delete versions, set tags, access lists and retention; never the bucket’s own settings. Below a prefix, only that prefix can be listed, so a client that first looks at the bucket as a whole (HeadBucket) is refused there, and S3 answers 403 instead of 404 for an object that is not there (terraform’s first state needs the whole bucket). Buckets encrypted with a KMS key need the connector’s kms_key_arn.',
  permissions: [
    's3:ListAllMyBuckets',
    ...READ_ACTIONS,
    's3:PutObject',
    's3:DeleteObject',
    's3:AbortMultipartUpload',
    's3:ListMultipartUploadParts',
  ],
  idFormats: [
    's3://<bucket>[/<prefix>/]',
    'arn:<partition>:s3:::<bucket>[/<prefix>/]',
    '<bucket>[/<prefix>/]',
  ],
  instances: true,
  access: ACCESS,

  canonical(id, config) {
    const path = parseBucketPath(id);
    const partition = partitionOf(config);
    if (path.partition !== undefined && path.partition !== partition) {
      throw invalid(
        'resource_id',
        `the bucket is in partition ${path.partition}, the connector’s region in ${partition}`,
      );
    }
    return formatBucketPath(path);
  },

  covers(outer, inner) {
    const [wide, narrow] = [parseBucketPath(outer), parseBucketPath(inner)];
    return wide.bucket === narrow.bucket && (narrow.prefix ?? '').startsWith(wide.prefix ?? '');
  },

  narrow: ({ id, access }, config) =>
    bucketScope({
      partition: partitionOf(config),
      path: id === undefined ? undefined : parseBucketPath(id),
      access,
      kmsKeyArn: textOf(config, 'kms_key_arn'),
    }),

  async *list({ cloud, credential, config, signal }) {
    for await (const names of cloud.s3.listBuckets(keysOf(credential), s3Place(config), signal)) {
      yield names.map((bucket) => `s3://${bucket}`);
    }
  },

  async verify({ cloud, credential, config, signal, resource }) {
    const [keys, place] = [keysOf(credential), s3Place(config)];
    if (resource.id === undefined) {
      // One page proves it.
      for await (const _ of cloud.s3.listBuckets(keys, place, signal)) return;
      return;
    }
    const { bucket, prefix } = parseBucketPath(resource.id);
    // A credential for a prefix may not look at the bucket itself.
    if (prefix === undefined) await cloud.s3.headBucket(keys, bucket, place, signal);
    await cloud.s3.probeList(keys, bucket, prefix, place, signal);
  },
});

function partitionOf(config: Readonly<Record<string, unknown>>): string {
  return partitionOfRegion(textOf(config, 'region') ?? '');
}
