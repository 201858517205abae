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

interface Row {
  readonly method: string;
  readonly target: 'service' | 'bucket' | 'object';
  /** A query parameter that must be there; its absence is checked by the row's order. */
  readonly query?: string;
  /** The permission it takes. Service Authorization Reference, "Amazon S3". */
  readonly action: string;
}

/** The first row that fits is the operation. */
const OPERATIONS = {
  ListBuckets: { method: 'GET', target: 'service', action: 's3:ListAllMyBuckets' },
  HeadBucket: { method: 'HEAD', target: 'bucket', action: 's3:ListBucket' },
  GetBucketLocation: {
    method: 'GET',
    target: 'bucket',
    query: 'location',
    action: 's3:GetBucketLocation',
  },
  ListObjectsV2: { method: 'GET', target: 'bucket', action: 's3:ListBucket' },
  ListParts: {
    method: 'GET',
    target: 'object',
    query: 'uploadId',
    action: 's3:ListMultipartUploadParts',
  },
  GetObject: { method: 'GET', target: 'object', action: 's3:GetObject' },
  HeadObject: { method: 'HEAD', target: 'object', action: 's3:GetObject' },
  UploadPart: { method: 'PUT', target: 'object', query: 'uploadId', action: 's3:PutObject' },
  PutObject: { method: 'PUT', target: 'object', action: 's3:PutObject' },
  AbortMultipartUpload: {
    method: 'DELETE',
    target: 'object',
    query: 'uploadId',
    action: 's3:AbortMultipartUpload',
  },
  DeleteObject: { method: 'DELETE', target: 'object', action: 's3:DeleteObject' },
  CreateMultipartUpload: {
    method: 'POST',
    target: 'object',
    query: 'uploads',
    action: 's3:PutObject',
  },
  CompleteMultipartUpload: {
    method: 'POST',
    target: 'object',
    query: 'uploadId',
    action: 's3:PutObject',
  },
} satisfies Record<string, Row>;

export type OperationName = keyof typeof OPERATIONS;

/** Parameters known here. Any other names a sub-resource (`?acl`, `?policy`) that is not. */
const PARAMETERS = new Set(
  'x-id list-type prefix delimiter max-keys continuation-token start-after marker encoding-type fetch-owner location max-buckets bucket-region uploads uploadId partNumber part-number-marker max-parts'.split(
    ' ',
  ),
);

/** Undefined = an operation this stand-in does not have. */
export function operationOf(method: string, request: S3Request): OperationName | undefined {
  const unknown = [...request.query.keys()].filter((name) => !PARAMETERS.has(name));
  if (unknown.some((name) => !name.startsWith('response-'))) return undefined;
  const whole = request.bucket === undefined ? 'service' : 'bucket';
  const target = request.key === undefined ? whole : 'object';
  const rows: [string, Row][] = Object.entries(OPERATIONS);
  const found = rows.find(
    ([, row]) =>
      row.method === method &&
      row.target === target &&
      (row.query === undefined || request.query.has(row.query)),
  );
  return found?.[0] as OperationName | undefined;
}

export function actionOf(operation: OperationName): string {
  return OPERATIONS[operation].action;
}
