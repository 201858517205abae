import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketAclCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetFederationTokenCommand } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { allow, deny, keysOf, policy, refusalOf } from './setup.ts';
import { Bucket, startBucketBed, text } from './bucket-bed.ts';

describe('refusals before any policy is read', () => {
  it('a wrong secret, an unknown key, a wrong, missing or expired token', async () => {
    const bed = await startBucketBed();
    const list = (keys: Parameters<typeof bed.s3>[0]) =>
      refusalOf(bed.s3(keys).send(new ListBucketsCommand({})));
    expect(await list({ ...bed.owner, secretAccessKey: 'x' })).toBe('SignatureDoesNotMatch 403');
    expect(await list({ ...bed.owner, accessKeyId: 'AKIAUNKNOWN' })).toBe('InvalidAccessKeyId 403');
    const assume = new AssumeRoleCommand({ RoleArn: bed.role.arn, RoleSessionName: 'app' });
    const keys = keysOf(await bed.sts(bed.owner).send(assume));
    expect(await list({ ...keys, sessionToken: 'made up' })).toBe('InvalidToken 400');
    expect(await list({ ...keys, sessionToken: undefined })).toBe('InvalidAccessKeyId 403');
    await bed.s3(keys).send(new ListBucketsCommand({}));
    await bed.clock.advance(3_600_000);
    expect(await list(keys)).toBe('ExpiredToken 400');
  });

  it('a clock that is off, a bucket that is not there, an operation that is not here', async () => {
    const bed = await startBucketBed();
    const acl = bed.client.send(new GetBucketAclCommand({ Bucket }));
    expect(await refusalOf(acl)).toBe('NotImplemented 501');
    const absent = bed.client.send(new ListObjectsV2Command({ Bucket: 'nowhere' }));
    expect(await refusalOf(absent)).toBe('NoSuchBucket 404');
    bed.clock.step(-16 * 60_000);
    const late = bed.client.send(new ListBucketsCommand({}));
    expect(await refusalOf(late)).toBe('RequestTimeTooSkewed 403');
  });

  it('nobody at all, and a body changed on the way', async () => {
    const { aws, owner, s3 } = await startBucketBed();
    const anonymous = await fetch(`${aws.url}/${Bucket}/a/1`);
    expect(anonymous.status).toBe(403);
    expect(await anonymous.text()).toContain('<Code>AccessDenied</Code>');
    const client = s3(owner);
    client.middlewareStack.add(
      (next) => async (args) => {
        const { request } = args;
        if (typeof request === 'object' && request !== null && 'body' in request)
          request.body = 'changed';
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    const call = client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'content' }));
    expect(await refusalOf(call)).toBe('XAmzContentSHA256Mismatch 400');
  });

  it('a bucket of another account, whatever one’s own policies say', async () => {
    const { aws, client } = await startBucketBed();
    aws.buckets.add('of-others', { account: '444455556666' });
    const call = client.send(new ListObjectsV2Command({ Bucket: 'of-others' }));
    expect(await refusalOf(call)).toBe('AccessDenied 403');
  });
});

describe('a session policy', () => {
  it('for reading allows reading', async () => {
    const { narrowed } = await startBucketBed();
    const reader = await narrowed(allow('s3:GetObject', `arn:aws:s3:::${Bucket}/a/*`));
    expect(await text(reader, 'a/1')).toBe('content of a/1');
    expect(await refusalOf(text(reader, 'b/1'))).toBe('AccessDenied 403');
    // Without the right to list, what is missing looks like what is forbidden.
    expect(await refusalOf(text(reader, 'a/none'))).toBe('AccessDenied 403');
    const put = reader.send(new PutObjectCommand({ Bucket, Key: 'a/1', Body: 'x' }));
    expect(await refusalOf(put)).toBe('AccessDenied 403');
    const remove = reader.send(new DeleteObjectCommand({ Bucket, Key: 'a/1' }));
    expect(await refusalOf(remove)).toBe('AccessDenied 403');
    const begin = reader.send(new CreateMultipartUploadCommand({ Bucket, Key: 'a/1' }));
    expect(await refusalOf(begin)).toBe('AccessDenied 403');
    expect(await refusalOf(reader.send(new ListBucketsCommand({})))).toBe('AccessDenied 403');
    expect(await refusalOf(reader.send(new HeadBucketCommand({ Bucket })))).toMatch(/ 403$/);
  });

  it('with a condition on the prefix allows that listing only', async () => {
    const { narrowed } = await startBucketBed();
    const lister = await narrowed(
      allow('s3:ListBucket', `arn:aws:s3:::${Bucket}`, {
        Condition: { StringLike: { 's3:prefix': ['a/*', 'a'] } },
      }),
    );
    const list = (Prefix?: string) => lister.send(new ListObjectsV2Command({ Bucket, Prefix }));
    expect((await list('a/')).KeyCount).toBe(2);
    expect(await refusalOf(list('b/'))).toBe('AccessDenied 403');
    expect(await refusalOf(list(''))).toBe('AccessDenied 403');
    expect(await refusalOf(list())).toBe('AccessDenied 403');
  });

  it('that denies wins over the role that allows', async () => {
    const { narrowed } = await startBucketBed();
    const careful = await narrowed(
      allow('s3:*'),
      deny('s3:GetObject', `arn:aws:s3:::${Bucket}/b/*`),
    );
    expect(await text(careful, 'a/1')).toBe('content of a/1');
    expect(await refusalOf(text(careful, 'b/1'))).toBe('AccessDenied 403');
  });

  it('is what a federated user has permissions by: without one there are none', async () => {
    const bed = await startBucketBed();
    const federate = async (Policy?: string) => {
      const input = new GetFederationTokenCommand({ Name: 'app', Policy });
      return bed.s3(keysOf(await bed.sts(bed.owner).send(input)));
    };
    expect(await refusalOf(text(await federate(), 'a/1'))).toBe('AccessDenied 403');
    const reader = await federate(JSON.stringify(policy(allow('s3:GetObject'))));
    expect(await text(reader, 'a/1')).toBe('content of a/1');
    expect(await refusalOf(reader.send(new ListBucketsCommand({})))).toBe('AccessDenied 403');
  });

  it('by the ARN of a managed policy narrows as well', async () => {
    const bed = await startBucketBed();
    const arn = bed.aws.accounts.putManagedPolicy(
      'a-only',
      policy(allow('s3:GetObject', `arn:aws:s3:::${Bucket}/a/*`)),
    );
    const answer = await bed.sts(bed.owner).send(
      new AssumeRoleCommand({
        RoleArn: bed.role.arn,
        RoleSessionName: 'app',
        PolicyArns: [{ arn }],
      }),
    );
    const client = bed.s3(keysOf(answer));
    expect(await text(client, 'a/1')).toBe('content of a/1');
    expect(await refusalOf(text(client, 'b/1'))).toBe('AccessDenied 403');
  });
});
