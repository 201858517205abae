import type { AccessKey, Accounts } from './accounts.ts';
import { identityOf, permissionOf, principalContext } from './principals.ts';
import { refusal } from './refusal.ts';
import type { AwsReply, AwsRequest } from './request.ts';
import { accessDenied, noSuchBucket, regionHeader, s3Error } from './s3/answers.ts';
import type { Bucket, Buckets } from './s3/buckets.ts';
import type { ObjectCall, Operation } from './s3/call.ts';
import { getBucketLocation, headBucket, listBuckets, listObjects } from './s3/listing.ts';
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  uploadPart,
} from './s3/multipart.ts';
import { deleteObject, getObject, putObject } from './s3/objects.ts';
import { operationOf, readS3Request } from './s3/operation.ts';
import type { OperationName, OperationRow, S3Request } from './s3/operation.ts';
import type { Service, Visit } from './service.ts';
import { verifySignature } from './sigv4.ts';
import type { SignatureProblem, Verified } from './sigv4.ts';

/** Path-style S3. https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html */
export function createS3(accounts: Accounts, buckets: Buckets): Service {
  const operations: Readonly<Record<OperationName, Operation>> = {
    ListBuckets: { on: 'service', run: (call) => listBuckets(call, buckets) },
    HeadBucket: { on: 'bucket', run: headBucket },
    GetBucketLocation: { on: 'bucket', run: getBucketLocation },
    ListObjectsV2: { on: 'bucket', run: listObjects },
    GetObject: { on: 'object', run: getObject },
    HeadObject: { on: 'object', run: getObject },
    PutObject: { on: 'object', run: putObject },
    DeleteObject: { on: 'object', run: deleteObject },
    CreateMultipartUpload: { on: 'object', run: createUpload },
    UploadPart: { on: 'object', run: uploadPart },
    ListParts: { on: 'object', run: listParts },
    CompleteMultipartUpload: { on: 'object', run: completeUpload },
    AbortMultipartUpload: { on: 'object', run: abortUpload },
  };
  return {
    name: 's3',
    operation(request) {
      const target = readTarget(request);
      return (target && operationOf(request.method, target)?.name) ?? 'Unknown';
    },
    refuse: s3Error,
    throttled: () => refusal('SlowDown', 503, 'Please reduce your request rate.'),
    async answer(request, visit) {
      const target = readTarget(request);
      if (target === undefined)
        throw refusal('InvalidURI', 400, "Couldn't parse the specified URI.");
      const verified = verifySignature(request, accounts.findKey, visit.now);
      if (typeof verified === 'string') throw refusal(...SIGNATURE_PROBLEMS[verified]);
      visit.principal = identityOf(verified.key.principal).arn;
      visit.parameters = Object.fromEntries(target.query);
      const row = operationOf(request.method, target);
      if (row === undefined) {
        throw refusal('NotImplemented', 501, 'A header or query you provided is not implemented');
      }
      return run(operations[row.name], { request, visit, target, verified, row }, buckets);
    },
  };
}

interface Arrival {
  readonly request: AwsRequest;
  readonly visit: Visit;
  readonly target: S3Request;
  readonly verified: Verified<AccessKey>;
  readonly row: OperationRow;
}

/** Checks that the bucket is there, the region right and the caller allowed; then does it. */
function run(operation: Operation, arrival: Arrival, buckets: Buckets): AwsReply {
  const { request, visit, target, verified, row } = arrival;
  const { key, payload } = verified;
  const call = { request, query: target.query, key, payload, now: visit.now };
  const { name, action } = row;
  if (operation.on === 'service') {
    if (!allowed(arrival, action, '*')) throw accessDenied();
    return operation.run(call);
  }
  const bucket = buckets.find(target.bucket ?? '');
  if (bucket === undefined) throw noSuchBucket();
  // Any region may ask where a bucket is.
  if (name !== 'GetBucketLocation') checkRegion(bucket, verified.region);
  const may: ObjectCall['may'] = (other, resource) =>
    bucket.account === identityOf(key.principal).account && allowed(arrival, other, resource);
  const bucketArn = `arn:aws:s3:::${bucket.name}`;
  const objectKey = target.key ?? '';
  const resource = operation.on === 'bucket' ? bucketArn : `${bucketArn}/${objectKey}`;
  if (!may(action, resource)) throw denied(bucket);
  return operation.run({ ...call, bucket, may, objectKey });
}

function allowed({ visit, target, verified }: Arrival, action: string, resource: string): boolean {
  const { principal, issuedAt, sessionToken } = verified.key;
  const issued = sessionToken === undefined ? undefined : issuedAt;
  const context = principalContext(principal, visit.now, issued);
  context.set('aws:requestedregion', [verified.region]);
  // An absent prefix is an absent condition key, not an empty one.
  for (const name of ['prefix', 'delimiter', 'max-keys']) {
    const value = target.query.get(name);
    if (value !== null) context.set(`s3:${name}`, [value]);
  }
  return permissionOf(principal, { action, resource, context }) === 'allow';
}

function checkRegion(bucket: Bucket, region: string): void {
  if (bucket.region === undefined || bucket.region === region) return;
  const text = `The authorization header is malformed; the region '${region}' is wrong; expecting '${bucket.region}'`;
  throw refusal('AuthorizationHeaderMalformed', 400, text, regionHeader(bucket));
}

function denied(bucket: Bucket): Error {
  return refusal('AccessDenied', 403, 'Access Denied', regionHeader(bucket));
}

function readTarget(request: AwsRequest): S3Request | undefined {
  try {
    return readS3Request(request);
  } catch {
    return undefined; // a malformed percent escape
  }
}

const UNKNOWN_KEY = [
  'InvalidAccessKeyId',
  403,
  'The AWS Access Key Id you provided does not exist in our records.',
] as const;
const SKEWED = [
  'RequestTimeTooSkewed',
  403,
  'The difference between the request time and the current time is too large.',
] as const;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList */
const SIGNATURE_PROBLEMS: Readonly<Record<SignatureProblem, readonly [string, number, string]>> = {
  unsigned: ['AccessDenied', 403, 'Access Denied'],
  incomplete: ['AuthorizationHeaderMalformed', 400, 'The authorization header is malformed'],
  'unknown-key': UNKNOWN_KEY,
  'token-missing': UNKNOWN_KEY,
  'token-wrong': ['InvalidToken', 400, 'The provided token is malformed or otherwise invalid.'],
  'token-expired': ['ExpiredToken', 400, 'The provided token has expired.'],
  'signed-in-past': SKEWED,
  'signed-in-future': SKEWED,
  'header-not-signed': [
    'AccessDenied',
    403,
    'There were headers present in the request which were not signed',
  ],
  'wrong-signature': [
    'SignatureDoesNotMatch',
    403,
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  ],
  'wrong-payload-hash': [
    'XAmzContentSHA256Mismatch',
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ],
  'bad-chunks': ['IncompleteBody', 400, 'The request body terminated unexpectedly'],
  'wrong-checksum': [
    'BadDigest',
    400,
    'The checksum you specified did not match what we received.',
  ],
};
