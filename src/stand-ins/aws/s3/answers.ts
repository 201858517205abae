import { requestId } from '../ids.ts';
import { refusal } from '../refusal.ts';
import type { Refusal } from '../refusal.ts';
import type { AwsReply } from '../request.ts';
import { xmlDocument } from '../xml.ts';
import type { XmlElements } from '../xml.ts';
import type { Bucket } from './buckets.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export function s3Answer(root: string, content: XmlElements | string): AwsReply {
  return s3Reply(200, xmlDocument(root, NAMESPACE, content), { 'content-type': 'application/xml' });
}

export function s3Reply(
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): AwsReply {
  return {
    status,
    headers: { 'x-amz-request-id': requestId(), 'x-amz-id-2': requestId(), ...headers },
    body,
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export function s3Error(error: Refusal): AwsReply {
  const content = {
    Code: error.awsCode,
    Message: error.message,
    RequestId: requestId(),
    HostId: requestId(),
  };
  return s3Reply(error.status, xmlDocument('Error', undefined, content), {
    'content-type': 'application/xml',
    ...error.headers,
  });
}

export function accessDenied(): Refusal {
  return refusal('AccessDenied', 403, 'Access Denied');
}

export function noSuchBucket(): Refusal {
  return refusal('NoSuchBucket', 404, 'The specified bucket does not exist');
}

export function noSuchKey(): Refusal {
  return refusal('NoSuchKey', 404, 'The specified key does not exist.');
}

/** Clients find a bucket's region by this header. */
export function regionHeader(bucket: Bucket): Record<string, string> {
  return { 'x-amz-bucket-region': bucket.region ?? 'us-east-1' };
}
