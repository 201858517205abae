import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import iamRole from '../../../src/connectors/aws/auth-methods/iam-role.ts';
import awsGeneric from '../../../src/connectors/aws/resource-types/aws-generic.ts';
import s3Bucket from '../../../src/connectors/aws/resource-types/s3-bucket.ts';
import { ofKind } from '../../../src/core/credential.ts';
import type { Access, Credential } from '../../../src/core/credential.ts';
import type { UserWithKey } from '../../../src/stand-ins/aws/accounts.ts';
import {
  allow,
  connectorOf,
  never,
  policyOf,
  saveNothing,
  secretsOfUser,
  startBed,
  trust,
  type Bed,
} from './aws-bed.ts';

const CONFIG = { region: 'eu-west-1' };

let bed: Bed;
let user: UserWithKey;
let roleArn: string;

beforeAll(async () => {
  bed = await startBed();
  user = bed.aws.accounts.addUser({ name: 'svc' });
  roleArn = bed.aws.accounts.putRole({
    name: 'data',
    trust: trust(user.arn),
    policies: [policyOf(allow('s3:*'))],
  }).arn;
  for (const name of ['zenfiles', 'other']) {
    bed.aws.buckets.add(name);
    bed.aws.buckets.put(name, 'runs/1/model', 'x');
    bed.aws.buckets.put(name, 'secret', 'x');
  }
});

beforeEach(() => bed.aws.faults.clear());

async function credentialFor(id: string | undefined, access: Access): Promise<Credential> {
  const resource = { type: 's3-bucket', id: id && s3Bucket.canonical(id, CONFIG), access };
  return await iamRole.issue({
    connector: connectorOf({ secret: secretsOfUser(user) }),
    config: iamRole.config.parse({ ...CONFIG, role_arn: roleArn }),
    scope: s3Bucket.narrow(resource, CONFIG),
    seconds: 3600,
    cloud: bed.cloud,
    machine: bed.machine,
    signal: never(),
    saveLogin: saveNothing,
  });
}

function clientFor(credential: Credential): S3Client {
  const client = new S3Client({
    region: 'eu-west-1',
    endpoint: bed.aws.url,
    forcePathStyle: true,
    credentials: ofKind(credential, 'aws-session'),
  });
  // The stand-in goes by the test's clock.
  client.config.systemClockOffset = bed.clock.now() - Date.now();
  return client;
}

const Bucket = 'zenfiles';
type Deed = (s3: S3Client, prefix: string) => Promise<unknown>;

const DEEDS: Readonly<Record<string, Deed>> = {
  list: (s3, Prefix) => s3.send(new ListObjectsV2Command({ Bucket, Prefix })),
  get: (s3, prefix) => s3.send(new GetObjectCommand({ Bucket, Key: `${prefix}model` })),
  head: (s3, prefix) => s3.send(new HeadObjectCommand({ Bucket, Key: `${prefix}model` })),
  location: (s3) => s3.send(new GetBucketLocationCommand({ Bucket })),
  put: (s3, prefix) => s3.send(new PutObjectCommand({ Bucket, Key: `${prefix}new`, Body: 'x' })),
  delete: (s3, prefix) => s3.send(new DeleteObjectCommand({ Bucket, Key: `${prefix}new` })),
  async upload(s3, prefix) {
    const Key = `${prefix}parts`;
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const part = { Bucket, Key, UploadId, PartNumber: 1, Body: 'x' };
    const { ETag } = await s3.send(new UploadPartCommand(part));
    await s3.send(new ListPartsCommand({ Bucket, Key, UploadId }));
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
    const second = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId: second.UploadId }));
  },
};
const READ = ['list', 'get', 'head', 'location'];
const WRITE = [...READ, 'put', 'delete', 'upload'];

async function possible(credential: Credential, prefix: string): Promise<string[]> {
  const s3 = clientFor(credential);
  const done: string[] = [];
  for (const [name, deed] of Object.entries(DEEDS)) {
    // oxlint-disable-next-line no-await-in-loop -- delete comes after put
    const error: unknown = await deed(s3, prefix).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) done.push(name);
    else expect(error).toMatchObject({ $metadata: { httpStatusCode: 403 } });
  }
  s3.destroy();
  return done;
}

describe('what AWS’s own client can do', () => {
  it.each([
    ['zenfiles', 'read', 'runs/1/', READ],
    ['zenfiles', 'write', 'runs/1/', WRITE],
    ['zenfiles', 'full', 'runs/1/', WRITE],
    ['zenfiles/runs', 'read', 'runs/1/', READ],
    ['zenfiles/runs', 'write', 'runs/1/', WRITE],
    ['zenfiles/other', 'write', 'runs/1/', ['location']],
    ['other', 'write', 'runs/1/', []],
    [undefined, 'read', 'runs/1/', READ],
    [undefined, 'write', 'runs/1/', WRITE],
  ] as const)('%s, %s: below %s', async (id, access, prefix, expected) => {
    expect(await possible(await credentialFor(id, access), prefix)).toEqual(expected);
  });

  it('the bucket as a whole is seen with the bucket, and not with a prefix of it', async () => {
    const whole = clientFor(await credentialFor('zenfiles', 'read'));
    const below = clientFor(await credentialFor('zenfiles/runs', 'read'));
    const refused = { $metadata: { httpStatusCode: 403 } };
    await whole.send(new HeadBucketCommand({ Bucket }));
    await expect(below.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject(refused);
    await expect(below.send(new ListObjectsV2Command({ Bucket }))).rejects.toMatchObject(refused);
    await expect(whole.send(new ListBucketsCommand({}))).rejects.toMatchObject(refused);
  });
});

const probe = (credential: Credential) => ({
  cloud: bed.cloud,
  credential,
  config: CONFIG,
  signal: never(),
});

const verify = async (id: string | undefined, credential: Credential, access: Access = 'read') =>
  await s3Bucket.verify({ ...probe(credential), resource: { type: 's3-bucket', id, access } });

describe('list and verify', () => {
  it('lists every bucket', async () => {
    const ids: string[] = [];
    for await (const page of s3Bucket.list?.(probe(await credentialFor(undefined, 'read'))) ?? [])
      ids.push(...page);
    expect(ids).toEqual(['s3://other', 's3://zenfiles']);
  });

  it('proves what the credential is for', async () => {
    await verify(undefined, await credentialFor(undefined, 'read'));
    await verify('s3://zenfiles', await credentialFor('zenfiles', 'read'));
    await verify('s3://zenfiles/runs/', await credentialFor('zenfiles/runs', 'write'));
  });

  it('tells what it is not for, and what is not there', async () => {
    const credential = await credentialFor('zenfiles/runs', 'read');
    const denied = { code: 'UPSTREAM_DENIED' };
    await expect(verify('s3://zenfiles', credential)).rejects.toMatchObject(denied);
    await expect(verify('s3://zenfiles/secret/', credential)).rejects.toMatchObject(denied);
    await expect(verify('s3://other', credential)).rejects.toMatchObject(denied);
    await expect(verify(undefined, credential)).rejects.toMatchObject(denied);
    await expect(
      verify('s3://nowhere', await credentialFor('nowhere', 'read')),
    ).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID',
    });
  });

  it('tells an expired credential, a throttle and an outage apart', async () => {
    const credential = await credentialFor('zenfiles', 'read');
    bed.aws.faults.add('s3:*', { kind: 'throttle' });
    await expect(verify('s3://zenfiles', credential)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
    });
    bed.aws.faults.clear();
    bed.aws.faults.add('s3:ListObjectsV2', { kind: 'throttle' });
    await expect(verify('s3://zenfiles', credential)).rejects.toMatchObject({
      code: 'UPSTREAM_THROTTLED',
    });
    await bed.aws.faults.down();
    await expect(verify('s3://zenfiles', credential)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
    });
    await bed.aws.faults.up();
    bed.aws.faults.clear();
    await bed.clock.advance(3_600_000);
    await expect(verify('s3://zenfiles/runs/', credential)).rejects.toMatchObject({
      code: 'CREDENTIAL_EXPIRED',
    });
  });

  it('a bucket in another region is followed there', async () => {
    bed.aws.buckets.add('far-away', { region: 'ap-south-1' });
    await verify('s3://far-away', await credentialFor('far-away', 'read'));
  });

  it('aws-generic asks who it is', async () => {
    const credential = await credentialFor('zenfiles', 'read');
    bed.aws.calls.reset();
    await awsGeneric.verify({
      ...probe(credential),
      resource: { type: 'aws-generic', access: 'full' },
    });
    expect(bed.aws.calls.all()).toEqual({ 'sts:GetCallerIdentity': 1 });
  });
});

describe('ids', () => {
  it('of another partition than the region’s are refused', () => {
    const foreign = expect.objectContaining({ code: 'INPUT_INVALID', subject: 'resource_id' });
    expect(() => s3Bucket.canonical('arn:aws-cn:s3:::zenfiles', CONFIG)).toThrow(foreign);
    expect(s3Bucket.canonical('arn:aws-cn:s3:::zenfiles', { region: 'cn-north-1' })).toBe(
      's3://zenfiles',
    );
    expect(() => awsGeneric.canonical('us-east-1', CONFIG)).toThrow(foreign);
    expect(awsGeneric.canonical('eu-west-1', CONFIG)).toBe('eu-west-1');
    expect(awsGeneric.canonical('us-east-1', {})).toBe('us-east-1');
  });

  it('policies name the partition', () => {
    const resource = { type: 's3-bucket', id: 's3://zenfiles', access: 'read' } as const;
    const scope = s3Bucket.narrow(resource, { region: 'us-gov-west-1' });
    expect(scope?.groups[0]?.resources).toEqual([
      'arn:aws-us-gov:s3:::zenfiles',
      'arn:aws-us-gov:s3:::zenfiles/*',
    ]);
  });

  it.each([
    ['s3://b00', 's3://b00/a/', true],
    ['s3://b00/a/', 's3://b00/a/b/', true],
    ['s3://b00/a/', 's3://b00/a/', true],
    ['s3://b00/a/', 's3://b00/ab/', false],
    ['s3://b00/a/', 's3://b00', false],
    ['s3://b00', 's3://b001', false],
  ])('%s covers %s: %s', (outer, inner, expected) => {
    expect(s3Bucket.covers?.(outer, inner)).toBe(expected);
  });
});
