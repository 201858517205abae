import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { ChecksumAlgorithm } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { refusalOf } from './setup.ts';
import { Bucket, startBucketBed, text } from './bucket-bed.ts';

describe('objects', () => {
  it('are put, read, described and deleted under any key', async () => {
    const { client } = await startBucketBed();
    const Key = "dir//ü a+b&c=(d)*!'~%2F/../x";
    const put = await client.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body: 'hello',
        ContentType: 'text/x',
        Metadata: { who: 'me' },
      }),
    );
    expect(put.ETag).toBe('"5d41402abc4b2a76b9719d911017c592"');
    expect(await text(client, Key)).toBe('hello');
    const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head).toMatchObject({
      ContentLength: 5,
      ContentType: 'text/x',
      Metadata: { who: 'me' },
    });
    const listed = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'dir/' }));
    expect(listed.Contents?.map((item) => item.Key)).toEqual([Key]);
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
    expect(await refusalOf(client.send(new GetObjectCommand({ Bucket, Key })))).toBe(
      'NoSuchKey 404',
    );
  });

  it.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] satisfies ChecksumAlgorithm[])(
    'are checked by %s, as a whole and as a stream with a trailer',
    async (ChecksumAlgorithm) => {
      const { client, aws } = await startBucketBed();
      const content = createHash('sha512').update('seed').digest().toString('hex').repeat(2000);
      await client.send(
        new PutObjectCommand({ Bucket, Key: 'whole', Body: content, ChecksumAlgorithm }),
      );
      const Body = Readable.from([
        Buffer.from(content.slice(0, 100_000)),
        Buffer.from(content.slice(100_000)),
      ]);
      await client.send(
        new PutObjectCommand({
          Bucket,
          Key: 'stream',
          Body,
          ContentLength: content.length,
          ChecksumAlgorithm,
        }),
      );
      expect(aws.buckets.read(Bucket, 'whole')?.toString()).toBe(content);
      expect(aws.buckets.read(Bucket, 'stream')?.toString()).toBe(content);
    },
  );

  it('are not overwritten when the client says so, and not copied', async () => {
    const { client, aws } = await startBucketBed();
    const put = (Key: string) =>
      client.send(new PutObjectCommand({ Bucket, Key, Body: 'new', IfNoneMatch: '*' }));
    expect(await refusalOf(put('a/1'))).toBe('PreconditionFailed 412');
    await put('c/1');
    expect(aws.buckets.read(Bucket, 'a/1')?.toString()).toBe('content of a/1');
    const copy = new CopyObjectCommand({ Bucket, Key: 'c/2', CopySource: `${Bucket}/a/1` });
    expect(await refusalOf(client.send(copy))).toBe('NotImplemented 501');
  });

  it('with a wrong checksum are refused', async () => {
    const { client, aws } = await startBucketBed();
    const call = client.send(
      new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ChecksumCRC32: 'AAAAAA==' }),
    );
    expect(await refusalOf(call)).toBe('BadDigest 400');
    expect(aws.buckets.read(Bucket, 'k')).toBeUndefined();
  });

  it('are read in ranges', async () => {
    const { client } = await startBucketBed();
    const read = async (Range: string) => {
      const answer = await client.send(new GetObjectCommand({ Bucket, Key: 'a/1', Range }));
      return [await answer.Body?.transformToString(), answer.ContentRange];
    };
    expect(await read('bytes=0-6')).toEqual(['content', 'bytes 0-6/14']);
    expect(await read('bytes=11-')).toEqual(['a/1', 'bytes 11-13/14']);
    expect(await read('bytes=-3')).toEqual(['a/1', 'bytes 11-13/14']);
    expect(await refusalOf(read('bytes=14-20'))).toBe('InvalidRange 416');
  });
});

describe('multipart uploads', () => {
  const part = Buffer.alloc(5 * 1024 * 1024, 'p');

  it('are put together in order, or dropped', async () => {
    const { client, aws } = await startBucketBed();
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ Bucket, Key: 'big' }),
    );
    const upload = async (PartNumber: number, Body: Buffer) => {
      const answer = await client.send(
        new UploadPartCommand({ Bucket, Key: 'big', UploadId, PartNumber, Body }),
      );
      return { PartNumber, ETag: answer.ETag };
    };
    const second = await upload(2, Buffer.from('end'));
    const first = await upload(1, part);
    const complete = (...Parts: { PartNumber: number; ETag: string | undefined }[]) =>
      client.send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key: 'big',
          UploadId,
          MultipartUpload: { Parts },
        }),
      );
    expect(await refusalOf(complete(second, first))).toBe('InvalidPartOrder 400');
    expect(await refusalOf(complete(first, { ...second, ETag: '"0"' }))).toBe('InvalidPart 400');
    const { Parts: listed } = await client.send(
      new ListPartsCommand({ Bucket, Key: 'big', UploadId }),
    );
    expect(listed).toMatchObject([first, second]);
    const done = await complete(first, second);
    expect(done.ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    expect(aws.buckets.read(Bucket, 'big')?.equals(Buffer.concat([part, Buffer.from('end')]))).toBe(
      true,
    );
    expect(await refusalOf(complete(first, second))).toBe('NoSuchUpload 404');
  });

  it('want five mebibytes in every part but the last', async () => {
    const { client } = await startBucketBed();
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ Bucket, Key: 'big' }),
    );
    const Parts = [];
    for (const PartNumber of [1, 2]) {
      const sent = await client.send(
        new UploadPartCommand({ Bucket, Key: 'big', UploadId, PartNumber, Body: 'small' }),
      );
      Parts.push({ PartNumber, ETag: sent.ETag });
    }
    const call = client.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key: 'big',
        UploadId,
        MultipartUpload: { Parts },
      }),
    );
    expect(await refusalOf(call)).toBe('EntityTooSmall 400');
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'big', UploadId }));
    const late = client.send(
      new UploadPartCommand({ Bucket, Key: 'big', UploadId, PartNumber: 1, Body: 'x' }),
    );
    expect(await refusalOf(late)).toBe('NoSuchUpload 404');
  });
});
