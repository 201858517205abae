import { invalid, parseArn } from './arn.ts';

/** A bucket, or what lies below a prefix in it. */
export interface BucketPath {
  readonly bucket: string;
  /** Ends with `/`; absent = the whole bucket. */
  readonly prefix: string | undefined;
  /** Said by an ARN only. */
  readonly partition: string | undefined;
}

const SUBJECT = 'resource_id';
const KEY_MAX_BYTES = 1024; // S3 User Guide, "Naming Amazon S3 objects"

/** `arn:aws:s3:::bucket[/prefix]`, `s3://bucket[/prefix]` or `bucket`. Throws `INPUT_INVALID`. */
export function parseBucketPath(text: string): BucketPath {
  const { path, partition } = pathOf(text);
  const slash = path.indexOf('/');
  const bucket = parseBucket(slash < 0 ? path : path.slice(0, slash));
  // `bucket/*` is how policies write "everything below"; it means the same as `bucket/` here.
  const key = slash < 0 ? '' : path.slice(slash + 1).replace(/(^|\/)\*$/, '$1');
  if (/\p{Cc}/u.test(key)) throw invalid(SUBJECT, 'a prefix has no control characters');
  if (Buffer.byteLength(key) > KEY_MAX_BYTES) {
    throw invalid(SUBJECT, `a prefix has at most ${KEY_MAX_BYTES} bytes`);
  }
  const prefix = key === '' || key.endsWith('/') ? key : `${key}/`;
  return { bucket, prefix: prefix === '' ? undefined : prefix, partition };
}

/** The one canonical form: `s3://bucket` or `s3://bucket/prefix/`. */
export function formatBucketPath({ bucket, prefix }: BucketPath): string {
  return prefix === undefined ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
}

function pathOf(text: string): { path: string; partition: string | undefined } {
  if (text.startsWith('arn:')) {
    const arn = parseArn(text, SUBJECT);
    if (arn.service !== 's3' || arn.region !== '' || arn.account !== '') {
      throw invalid(
        SUBJECT,
        'this is not the ARN of a bucket',
        'access points and other services are not s3-bucket resources; use arn:aws:s3:::bucket',
      );
    }
    return { path: arn.resource, partition: arn.partition };
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[0];
  if (scheme === undefined) return { path: text, partition: undefined };
  if (scheme !== 's3://') throw invalid(SUBJECT, 'use s3://bucket, the bucket’s ARN or its name');
  return { path: text.slice(scheme.length), partition: undefined };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
function parseBucket(name: string): string {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) || name.includes('..')) {
    throw invalid(
      SUBJECT,
      'a bucket’s name has 3 to 63 lower-case letters, digits, dashes and dots, with a letter or digit at both ends',
    );
  }
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(name)) {
    throw invalid(SUBJECT, 'a bucket’s name does not look like an IP address');
  }
  return name;
}
