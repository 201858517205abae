import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

import { callQuery, type Params } from './aws-query.ts';
import { startCluster, type Cluster } from './ceph-cluster.ts';
import { stopAll } from './process.ts';
import type { Keys } from './sigv4.ts';
import { startStsGateway, type StsGateway } from './sts-gateway.ts';

/** Ceph's ARNs name no account; this is what the gateway's GetCallerIdentity says. */
export const CEPH_ACCOUNT = '210987654321';

const ADMIN: Keys = {
  accessKeyId: 'ADMINKEYADMINKEYADMI',
  secretAccessKey: 'admin-secret-of-the-bed',
};
const SVC: Keys = { accessKeyId: 'SVCKEYSVCKEYSVCKEYSV', secretAccessKey: 'svc-secret-of-the-bed' };

interface Role {
  /** Who may assume it: an IAM principal, `*` or a user's name. */
  readonly trusts: string;
  /** What it may, as a policy document. */
  readonly policy: object;
}

export interface CephBed {
  /** Ceph itself, with its own manners. */
  readonly endpoint: string;
  /** The same with the manners of AWS; where clients and the daemon are sent. */
  readonly gateway: StsGateway;
  /** The service user that the fixture's role trusts: what a connector would hold. */
  readonly svc: Keys;
  readonly svcArn: string;
  readonly admin: Keys;
  /** Trusts `svc`; may do everything to the fixture's buckets. */
  readonly roleArn: string;
  /** Two buckets of the admin's, each with one object `hello.txt` that says `hello from <bucket>`. */
  readonly buckets: readonly [string, string];
  /** What a client must be told about this server beside its credentials. */
  readonly env: Readonly<Record<string, string>>;
  /** Returns the role's ARN. */
  createRole(name: string, role: Role): Promise<string>;
  createUser(name: string, keys: Keys): Promise<string>;
  createBucket(name: string): Promise<void>;
  putObject(bucket: string, key: string, body: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Ceph's object gateway: an S3, STS and IAM written independently of AWS and of us, which enforces
 * signatures, session tokens, trust, role policies, session policies and expiry (down to 1 s).
 * It knows no `sts:ExternalId`, and no GetCallerIdentity: that one the gateway answers.
 */
export async function startCeph(): Promise<CephBed> {
  const cluster = await startCluster();
  const stops = [() => cluster.stop()];
  try {
    const gateway = await startStsGateway({ upstream: cluster.endpoint, account: CEPH_ACCOUNT });
    stops.push(() => gateway.stop());
    return await withFixture(cluster, gateway, () => stopAll(stops));
  } catch (error) {
    await stopAll(stops);
    throw error;
  }
}

async function withFixture(
  cluster: Cluster,
  gateway: StsGateway,
  stop: () => Promise<void>,
): Promise<CephBed> {
  const { endpoint } = cluster;
  const buckets = ['alpha', 'beta'] as const;
  const s3 = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: ADMIN,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });

  const createUser = async (name: string, keys: Keys, ...words: string[]): Promise<string> => {
    const secret = ['--access-key', keys.accessKeyId, '--secret-key', keys.secretAccessKey];
    await cluster.admin(
      'user',
      'create',
      '--uid',
      name,
      '--display-name',
      name,
      ...secret,
      ...words,
    );
    gateway.addIdentity(keys, userArn(name));
    return userArn(name);
  };
  const iam = (params: Params) =>
    callQuery(endpoint, 'iam', { Version: '2010-05-08', ...params }, ADMIN);
  const createRole = async (name: string, { trusts, policy }: Role): Promise<string> => {
    const AWS = trusts === '*' || trusts.startsWith('arn:') ? trusts : userArn(trusts);
    const trust = allow('sts:AssumeRole', { Principal: { AWS } });
    await iam({
      Action: 'CreateRole',
      RoleName: name,
      Path: '/',
      AssumeRolePolicyDocument: JSON.stringify(trust),
    });
    await iam({
      Action: 'PutRolePolicy',
      RoleName: name,
      PolicyName: 'bed',
      PolicyDocument: JSON.stringify(policy),
    });
    return `arn:aws:iam:::role/${name}`;
  };
  const createBucket = async (Bucket: string): Promise<void> => {
    await s3.send(new CreateBucketCommand({ Bucket }));
  };
  const putObject = async (Bucket: string, Key: string, Body: string): Promise<void> => {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  };

  await createUser('admin', ADMIN, '--caps', 'roles=*;user-policy=*');
  await createUser('svc', SVC);
  for (const bucket of buckets) {
    await createBucket(bucket);
    await putObject(bucket, 'hello.txt', `hello from ${bucket}`);
  }
  const everything = allow('s3:*', { Resource: buckets.flatMap(bucketArns) });
  const roleArn = await createRole('reader-writer', { trusts: 'svc', policy: everything });

  return {
    endpoint,
    gateway,
    svc: SVC,
    svcArn: userArn('svc'),
    admin: ADMIN,
    roleArn,
    buckets,
    env: {
      AWS_ENDPOINT_URL: gateway.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      // This Ceph is older than the SDKs' trailing checksums.
      AWS_REQUEST_CHECKSUM_CALCULATION: 'when_required',
      AWS_RESPONSE_CHECKSUM_VALIDATION: 'when_required',
    },
    createRole,
    createUser,
    createBucket,
    putObject,
    stop: async () => {
      s3.destroy();
      await stop();
    },
  };
}

const userArn = (name: string): string => `arn:aws:iam:::user/${name}`;

/** A bucket and everything in it. */
export const bucketArns = (bucket: string): string[] => [
  `arn:aws:s3:::${bucket}`,
  `arn:aws:s3:::${bucket}/*`,
];

/** A policy document of one statement. */
export const allow = (Action: string | readonly string[], rest: object): object => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, ...rest }],
});
