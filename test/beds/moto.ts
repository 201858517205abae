import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

import { callQuery, xmlText, type Params } from './aws-query.ts';
import { allow } from './ceph.ts';
import { freePort, startProcess, stopAll, until } from './process.ts';
import type { Keys } from './sigv4.ts';
import { pythonScript } from './tools.ts';

/** Fixed inside moto. */
export const MOTO_ACCOUNT = '123456789012';

const ANYBODY: Keys = { accessKeyId: 'anybody', secretAccessKey: 'anything' };

export interface MotoBed {
  readonly endpoint: string;
  /** A user that may call everything, and whom the fixture's role trusts. */
  readonly svc: Keys;
  readonly svcArn: string;
  readonly roleArn: string;
  /** Holds one object, `hello.txt`. */
  readonly bucket: string;
  readonly env: Readonly<Record<string, string>>;
  /** While off, everybody may do everything: set up users, roles and buckets then. */
  setEnforcement(on: boolean): Promise<void>;
  createUser(name: string, policy: object): Promise<{ readonly keys: Keys; readonly arn: string }>;
  createRole(name: string, role: { trusts: string; policy: object }): Promise<string>;
  createBucket(name: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * moto: the shapes of STS, IAM, ECR, EKS and the caller's identity. It ignores session policies and
 * expiry; judge issued credentials with Ceph. https://docs.getmoto.org/en/latest/docs/iam.html
 */
export async function startMoto(): Promise<MotoBed> {
  const dir = await mkdtemp(join(tmpdir(), 'vk-moto-'));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = startProcess(
    pythonScript('moto_server'),
    ['-H', '127.0.0.1', '-p', String(port)],
    {
      env: {
        PATH: '/usr/bin:/bin',
        HOME: dir,
        INITIAL_NO_AUTH_ACTION_COUNT: '999999',
        LANG: 'C.UTF-8',
      },
      log: join(dir, 'log'),
    },
  );
  const s3 = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: ANYBODY,
  });
  const stop = () =>
    stopAll([
      () => rm(dir, { recursive: true, force: true }),
      async () => s3.destroy(),
      () => server.stop(),
    ]);
  try {
    await until('moto', async () => (await fetch(`${endpoint}/moto-api/`)).ok, { alive: [server] });
    return { ...(await withFixture(endpoint, s3)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function withFixture(endpoint: string, s3: S3Client): Promise<Omit<MotoBed, 'stop'>> {
  const iam = (params: Params) =>
    callQuery(endpoint, 'iam', { Version: '2010-05-08', ...params }, ANYBODY);
  const createUser: MotoBed['createUser'] = async (UserName, policy) => {
    const arn = xmlText(await iam({ Action: 'CreateUser', UserName }), 'Arn');
    const PolicyDocument = JSON.stringify(policy);
    await iam({ Action: 'PutUserPolicy', UserName, PolicyName: 'bed', PolicyDocument });
    const xml = await iam({ Action: 'CreateAccessKey', UserName });
    const keys = {
      accessKeyId: xmlText(xml, 'AccessKeyId'),
      secretAccessKey: xmlText(xml, 'SecretAccessKey'),
    };
    return { keys, arn };
  };
  const createRole: MotoBed['createRole'] = async (RoleName, { trusts, policy }) => {
    const trust = JSON.stringify(allow('sts:AssumeRole', { Principal: { AWS: trusts } }));
    const xml = await iam({ Action: 'CreateRole', RoleName, AssumeRolePolicyDocument: trust });
    const PolicyDocument = JSON.stringify(policy);
    await iam({ Action: 'PutRolePolicy', RoleName, PolicyName: 'bed', PolicyDocument });
    return xmlText(xml, 'Arn');
  };
  const createBucket = async (Bucket: string): Promise<void> => {
    await s3.send(new CreateBucketCommand({ Bucket }));
  };
  const setEnforcement = async (on: boolean): Promise<void> => {
    // Text, because moto reads a form-encoded body as empty.
    const headers = { 'content-type': 'text/plain' };
    const url = `${endpoint}/moto-api/reset-auth`;
    const { status } = await fetch(url, { method: 'POST', headers, body: on ? '0' : '999999' });
    if (status !== 200) throw new Error(`moto did not switch enforcement: ${status}`);
  };

  const anything = allow('*', { Resource: '*' });
  const { keys: svc, arn: svcArn } = await createUser('svc', anything);
  const roleArn = await createRole('reader', { trusts: svcArn, policy: anything });
  const bucket = 'gamma';
  await createBucket(bucket);
  await s3.send(
    new PutObjectCommand({ Bucket: bucket, Key: 'hello.txt', Body: `hello from ${bucket}` }),
  );
  await setEnforcement(true);
  return {
    endpoint,
    svc,
    svcArn,
    roleArn,
    bucket,
    env: { AWS_ENDPOINT_URL: endpoint, AWS_REGION: 'us-east-1', AWS_DEFAULT_REGION: 'us-east-1' },
    setEnforcement,
    createUser,
    createRole,
    createBucket,
  };
}
