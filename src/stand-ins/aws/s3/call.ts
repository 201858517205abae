import type { AccessKey } from '../accounts.ts';
import type { AwsReply, AwsRequest } from '../request.ts';
import type { Bucket } from './buckets.ts';

/** A request whose signature is good and whose caller is allowed the operation. */
export interface S3Call {
  readonly request: AwsRequest;
  readonly query: URLSearchParams;
  readonly key: AccessKey;
  readonly payload: Buffer;
  /** ms since the epoch. */
  readonly now: number;
}

export interface BucketCall extends S3Call {
  readonly bucket: Bucket;
  /** Whether the caller may do something else too: what a refusal may reveal depends on it. */
  may(action: string, resource: string): boolean;
}

export interface ObjectCall extends BucketCall {
  readonly objectKey: string;
}

export type Operation =
  | { readonly on: 'service'; run(call: S3Call): AwsReply }
  | { readonly on: 'bucket'; run(call: BucketCall): AwsReply }
  | { readonly on: 'object'; run(call: ObjectCall): AwsReply };
