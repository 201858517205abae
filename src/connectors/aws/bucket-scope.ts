import type { Access } from '../../core/credential.ts';
import { dnsSuffixOfRegion, parseKmsKeyArn } from './arn.ts';
import type { BucketPath } from './bucket.ts';
import type { AwsScope, ScopeGroup } from './cloud.ts';

/*
 * What S3 clients need, by access. Actions, their resources and condition keys:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 * Different patterns here never match one action, so that a scope can be written as denials too.
 */

/** `ListObjectsV2`, `ListObjectVersions` and, of whole buckets, the uploads in progress; `HeadBucket`. */
const LIST = ['s3:ListBucket*'];
/** Asked for by SDKs that look for the bucket's region, by terraform and by pyarrow. */
const LOOK = ['s3:GetBucketLocation', 's3:GetBucketVersioning'];
/** Objects and their versions, tags and attributes; a copy by parts reads tags too. */
const GET = ['s3:GetObject*'];
const PUT = [
  's3:PutObject',
  's3:DeleteObject',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
];
/** `?*` is "something more": PutObjectAcl, PutObjectTagging, DeleteObjectVersion, … */
const OWN = ['s3:PutObject?*', 's3:DeleteObject?*', 's3:RestoreObject'];

const ON_OBJECTS: Readonly<Record<Access, readonly string[]>> = {
  read: GET,
  write: [...GET, ...PUT],
  full: [...GET, ...PUT, ...OWN],
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html, "Permissions" */
const ON_KEY: Readonly<Record<Access, readonly string[]>> = {
  read: ['kms:Decrypt'],
  write: ['kms:Decrypt', 'kms:GenerateDataKey'],
  full: ['kms:Decrypt', 'kms:GenerateDataKey'],
};

export const READ_ACTIONS: readonly string[] = [...LIST, ...LOOK, ...GET];

export interface BucketScopeInput {
  readonly partition: string;
  /** Absent: every bucket of the account. */
  readonly path: BucketPath | undefined;
  readonly access: Access;
  readonly kmsKeyArn: string | undefined;
}

/** The smallest scope in which S3 clients work. */
export function bucketScope({ partition, path, access, kmsKeyArn }: BucketScopeInput): AwsScope {
  const arn = `arn:${partition}:s3:::`;
  const keys = kmsKeyArn === undefined ? [] : [keyGroup(kmsKeyArn, access)];
  const all = [...LIST, ...LOOK, ...ON_OBJECTS[access]];
  if (path === undefined) {
    return {
      groups: [
        { actions: ['s3:ListAllMyBuckets'], resources: ['*'] },
        { actions: all, resources: [`${arn}*`] },
        ...keys,
      ],
    };
  }
  const bucket = `${arn}${path.bucket}`;
  if (path.prefix === undefined) {
    return { groups: [{ actions: all, resources: [bucket, `${bucket}/*`] }, ...keys] };
  }
  const below = `${literal(path.prefix)}*`;
  return {
    groups: [
      {
        actions: LIST,
        resources: [bucket],
        condition: { StringLike: { 's3:prefix': [below] } },
      },
      { actions: LOOK, resources: [bucket] },
      { actions: ON_OBJECTS[access], resources: [`${bucket}/${below}`] },
      ...keys,
    ],
  };
}

/** The key serves S3 alone, which decrypts and encrypts on the caller's behalf. */
function keyGroup(keyArn: string, access: Access): ScopeGroup {
  const { region } = parseKmsKeyArn(keyArn);
  return {
    actions: ON_KEY[access],
    resources: [keyArn],
    condition: {
      StringEquals: { 'kms:ViaService': [`s3.${region}.${dnsSuffixOfRegion(region)}`] },
    },
  };
}

/**
 * A prefix in a policy, where `*`, `?` and `${…}` have a meaning.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
function literal(prefix: string): string {
  return prefix.replace(/[*?$]/g, (char) => `\${${char}}`);
}
