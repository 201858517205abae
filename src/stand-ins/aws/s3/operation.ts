import type { AwsRequest } from '../request.ts';

/** A request read as path-style S3: `/bucket/key?query`. */
export interface S3Request {
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly query: URLSearchParams;
}

/** Throws URIError on a malformed escape. */
export function readS3Request(request: AwsRequest): S3Request {
  const [, bucket = '', ...rest] = request.path.split('/');
  const key = decodeURIComponent(rest.join('/'));
  return {
    bucket: bucket === '' ? undefined : decodeURIComponent(bucket),
    key: key === '' ? undefined : key,
    query: new URLSearchParams(request.query),
  };
}

export type OperationName =
  | 'ListBuckets'
  | 'HeadBucket'
  | 'GetBucketLocation'
  | 'ListObjectsV2'
  | 'ListParts'
  | 'GetObject'
  | 'HeadObject'
  | 'UploadPart'
  | 'PutObject'
  | 'AbortMultipartUpload'
  | 'DeleteObject'
  | 'CreateMultipartUpload'
  | 'CompleteMultipartUpload';

export interface OperationRow {
  readonly name: OperationName;
  readonly method: string;
  readonly target: 'service' | 'bucket' | 'object';
  /** The permission it takes. Service Authorization Reference, "Amazon S3". */
  readonly action: string;
  /** A query parameter that must be there. */
  readonly query?: string | undefined;
}

function row(
  name: OperationName,
  method: string,
  target: OperationRow['target'],
  action: string,
  query?: string,
): OperationRow {
  return { name, method, target, action: `s3:${action}`, query };
}

/** The first row that fits is the operation. */
const OPERATIONS: readonly OperationRow[] = [
  row('ListBuckets', 'GET', 'service', 'ListAllMyBuckets'),
  row('HeadBucket', 'HEAD', 'bucket', 'ListBucket'),
  row('GetBucketLocation', 'GET', 'bucket', 'GetBucketLocation', 'location'),
  row('ListObjectsV2', 'GET', 'bucket', 'ListBucket'),
  row('ListParts', 'GET', 'object', 'ListMultipartUploadParts', 'uploadId'),
  row('GetObject', 'GET', 'object', 'GetObject'),
  row('HeadObject', 'HEAD', 'object', 'GetObject'),
  row('UploadPart', 'PUT', 'object', 'PutObject', 'uploadId'),
  row('PutObject', 'PUT', 'object', 'PutObject'),
  row('AbortMultipartUpload', 'DELETE', 'object', 'AbortMultipartUpload', 'uploadId'),
  row('DeleteObject', 'DELETE', 'object', 'DeleteObject'),
  row('CreateMultipartUpload', 'POST', 'object', 'PutObject', 'uploads'),
  row('CompleteMultipartUpload', 'POST', 'object', 'PutObject', 'uploadId'),
];

/** Parameters known here. Any other names a sub-resource (`?acl`, `?policy`) that is not. */
const PARAMETERS = new Set(
  'x-id list-type prefix delimiter max-keys continuation-token start-after marker encoding-type fetch-owner location max-buckets bucket-region uploads uploadId partNumber part-number-marker max-parts'.split(
    ' ',
  ),
);

/** Undefined = an operation this stand-in does not have. */
export function operationOf(method: string, request: S3Request): OperationRow | undefined {
  const unknown = [...request.query.keys()].filter((name) => !PARAMETERS.has(name));
  if (unknown.some((name) => !name.startsWith('response-'))) return undefined;
  const whole = request.bucket === undefined ? 'service' : 'bucket';
  const target = request.key === undefined ? whole : 'object';
  return OPERATIONS.find(
    ({ query, ...other }) =>
      other.method === method &&
      other.target === target &&
      (query === undefined || request.query.has(query)),
  );
}
