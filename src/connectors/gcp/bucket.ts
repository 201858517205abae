import { ValetkeyError } from '../../core/errors.ts';

/** A bucket, or what lies below a prefix in it. */
export interface BucketPath {
  readonly bucket: string;
  /** Ends with `/`; absent = the whole bucket. */
  readonly prefix: string | undefined;
}

const FULL_NAME = '//storage.googleapis.com/projects/_/buckets/';
const NAME_MAX_BYTES = 1024; // https://cloud.google.com/storage/docs/objects#naming

/** `gs://bucket[/prefix]`, `//storage.googleapis.com/projects/_/buckets/bucket` or `bucket`. Throws `INPUT_INVALID`. */
export function parseBucketPath(text: string): BucketPath {
  const path = pathOf(text);
  const slash = path.indexOf('/');
  const bucket = parseBucket(slash < 0 ? path : path.slice(0, slash));
  // `bucket/*` is how people write "everything below"; it means the same as `bucket/` here.
  const name = slash < 0 ? '' : path.slice(slash + 1).replace(/(^|\/)\*{1,2}$/, '$1');
  if (/\p{Cc}/u.test(name) || !name.isWellFormed()) {
    throw invalid('a prefix has no control characters and is valid Unicode');
  }
  const prefix = name === '' || name.endsWith('/') ? name : `${name}/`;
  if (Buffer.byteLength(prefix) > NAME_MAX_BYTES) {
    throw invalid(`a prefix has at most ${NAME_MAX_BYTES} bytes`);
  }
  return { bucket, prefix: prefix === '' ? undefined : prefix };
}

/** The one canonical form: `gs://bucket` or `gs://bucket/prefix/`. */
export function formatBucketPath({ bucket, prefix }: BucketPath): string {
  return prefix === undefined ? `gs://${bucket}` : `gs://${bucket}/${prefix}`;
}

/** As access boundaries and allow policies name it. */
export function fullNameOf(bucket: string): string {
  return FULL_NAME + bucket;
}

function pathOf(text: string): string {
  if (text.startsWith('//')) {
    const [bucket = '', ...rest] = text.slice(FULL_NAME.length).split('/');
    const objects = rest[0] === 'objects';
    if (!text.startsWith(FULL_NAME) || (rest.length > 0 && !objects)) {
      throw invalid(`the full name of a bucket is ${FULL_NAME}<name>`);
    }
    return [bucket, ...rest.slice(1)].join('/');
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[0];
  if (scheme === undefined) return text;
  if (scheme !== 'gs://') throw invalid('use gs://bucket or the bucket’s name');
  return text.slice(scheme.length);
}

/** https://cloud.google.com/storage/docs/buckets#naming */
function parseBucket(name: string): string {
  const parts = name.split('.');
  const sized = name.length <= (parts.length > 1 ? 222 : 63);
  if (
    !/^[a-z0-9][a-z0-9._-]+[a-z0-9]$/.test(name) ||
    !sized ||
    parts.some(({ length }) => length < 1 || length > 63)
  ) {
    throw invalid(
      'a bucket’s name has 3 to 63 lower-case letters, digits, dashes and underscores (with dots between parts, up to 222), and a letter or digit at both ends',
    );
  }
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(name)) {
    throw invalid('a bucket’s name does not look like an IP address');
  }
  if (name.startsWith('goog')) {
    throw invalid('Google lets no bucket’s name begin with goog');
  }
  return name;
}

function invalid(reason: string): ValetkeyError {
  return new ValetkeyError('INPUT_INVALID', { subject: 'resource_id', reason });
}
