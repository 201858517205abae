import {
  GetBucketLocationCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { refusalOf } from './setup.ts';
import { Bucket, startBucketBed } from './bucket-bed.ts';

describe('listings', () => {
  it('of buckets show one’s own, page by page', async () => {
    const { client, aws } = await startBucketBed();
    aws.buckets.add('data-2', { region: 'eu-west-1' });
    aws.buckets.add('of-others', { account: '444455556666' });
    const first = await client.send(new ListBucketsCommand({ MaxBuckets: 1 }));
    expect(first.Buckets?.map((item) => item.Name)).toEqual([Bucket]);
    const { ContinuationToken } = first;
    const second = await client.send(new ListBucketsCommand({ MaxBuckets: 1, ContinuationToken }));
    expect(second.Buckets).toMatchObject([{ Name: 'data-2', BucketRegion: 'eu-west-1' }]);
    expect(second.ContinuationToken).toBeUndefined();
    const made = client.send(new ListBucketsCommand({ ContinuationToken: 'made up' }));
    expect(await refusalOf(made)).toBe('InvalidArgument 400');
  });

  it('of objects are paged and rolled up', async () => {
    const { client } = await startBucketBed();
    const rolled = await client.send(new ListObjectsV2Command({ Bucket, Delimiter: '/' }));
    expect(rolled.CommonPrefixes).toEqual([{ Prefix: 'a/' }, { Prefix: 'b/' }]);
    expect(rolled.Contents).toBeUndefined();
    const keys: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page: ListObjectsV2CommandOutput = await client.send(
        new ListObjectsV2Command({ Bucket, MaxKeys: 2, ContinuationToken }),
      );
      keys.push(...(page.Contents ?? []).map((item) => item.Key));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(keys).toEqual(['a/1', 'a/2', 'b/1']);
  });
});

describe('regions', () => {
  it('a request signed for another one is sent away, but may ask where the bucket is', async () => {
    const bed = await startBucketBed();
    bed.aws.buckets.add('far', { region: 'ap-south-1' });
    const call = bed.client.send(new HeadObjectCommand({ Bucket: 'far', Key: 'x' }));
    expect(await refusalOf(call)).toMatch(/ 400$/);
    const where = await bed.client.send(new GetBucketLocationCommand({ Bucket: 'far' }));
    expect(where.LocationConstraint).toBe('ap-south-1');
    const near = bed.s3(bed.owner, 'ap-south-1');
    const head = await near.send(new HeadBucketCommand({ Bucket: 'far' }));
    expect(head.BucketRegion).toBe('ap-south-1');
  });
});
