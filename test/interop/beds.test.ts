import { setTimeout as delay } from 'node:timers/promises';

import {
  AssumeRoleCommand,
  type AssumeRoleCommandOutput,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { assumeRole } from '../beds/aws-query.ts';
import { CEPH_ACCOUNT, allow, bucketArns, startCeph, type CephBed } from '../beds/ceph.ts';
import { MOTO_ACCOUNT, startMoto, type MotoBed } from '../beds/moto.ts';
import { startNamespace } from '../beds/netns.ts';
import { run, type Env } from '../beds/process.ts';
import type { Keys } from '../beds/sigv4.ts';
import { pythonScript } from '../beds/tools.ts';
import { COLD_BUILD_MS } from './builds.ts';
import { answer, buildClients, clients } from './clients.ts';
import { terraformApply } from './terraform.ts';

const keyEnv = ({ accessKeyId, secretAccessKey, sessionToken }: Keys): Env => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_SESSION_TOKEN: sessionToken,
});

const [boto3] = clients;
if (boto3 === undefined) throw new Error('no clients');

let ceph: CephBed;
let moto: MotoBed;
beforeAll(async () => {
  [ceph, moto] = await Promise.all([startCeph(), startMoto(), buildClients()]);
}, COLD_BUILD_MS);
afterAll(async () => {
  await Promise.all([ceph?.stop(), moto?.stop()]);
});

const onCeph = (): Env => ({ ...ceph.env, ...keyEnv(ceph.admin) });

const get = (keys: Keys, bucket: string) =>
  boto3.run('s3-get', [bucket, 'hello.txt'], { ...ceph.env, ...keyEnv(keys) });

const session = (seconds: number, policy?: object) =>
  assumeRole(ceph.endpoint, ceph.svc, {
    roleArn: ceph.roleArn,
    seconds,
    ...(policy === undefined ? {} : { policy }),
  });

const motoIdentity = async (keys: Keys) =>
  answer(await boto3.run('identity', [], { ...moto.env, ...keyEnv(keys) }));

const sts = (credentials: Keys) =>
  new STSClient({
    endpoint: ceph.gateway.endpoint,
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
  });

const assume = (credentials: Keys, RoleArn = ceph.roleArn) =>
  sts(credentials).send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'via', DurationSeconds: 3600 }),
  );

const secondsLeft = ({ Credentials: issued }: AssumeRoleCommandOutput) =>
  ((issued?.Expiration?.getTime() ?? 0) - Date.now()) / 1000;

const keysOf = ({ Credentials: issued }: AssumeRoleCommandOutput): Keys => ({
  accessKeyId: issued?.AccessKeyId ?? '',
  secretAccessKey: issued?.SecretAccessKey ?? '',
  sessionToken: issued?.SessionToken ?? '',
});

const whoIs = (credentials: Keys) => sts(credentials).send(new GetCallerIdentityCommand({}));

describe('ceph', () => {
  it('lets a role session read what its role may', async () => {
    expect(answer(await get(await session(60), 'beta'))).toEqual({ body: 'hello from beta' });
  });

  it('enforces a session policy', async () => {
    const keys = await session(60, allow('s3:GetObject', { Resource: bucketArns('alpha') }));
    expect(answer(await get(keys, 'alpha'))).toEqual({ body: 'hello from alpha' });
    expect((await get(keys, 'beta')).status).toBe(3);
    const put = await boto3.run('s3-put', ['alpha', 'new'], { ...ceph.env, ...keyEnv(keys) });
    expect(put.status).toBe(3);
  });

  it('ends a session when its time is over', async () => {
    const keys = await session(2);
    expect((await get(keys, 'alpha')).status).toBe(0);
    await delay(Date.parse(keys.expiration) - Date.now() + 1000);
    expect((await get(keys, 'alpha')).status).not.toBe(0);
  });

  it('lets nobody assume a role but those it trusts', async () => {
    const stranger = { accessKeyId: 'STRANGERSTRANGERSTRA', secretAccessKey: 'a-stranger' };
    await ceph.createUser('stranger', stranger);
    const asked = { roleArn: ceph.roleArn, seconds: 60 };
    await expect(assumeRole(ceph.endpoint, stranger, asked)).rejects.toThrow('403');
  });

  it('refuses a wrong secret, and a session without its token', async () => {
    expect((await get({ ...ceph.svc, secretAccessKey: 'wrong' }, 'alpha')).status).not.toBe(0);
    const { accessKeyId, secretAccessKey } = await session(60);
    expect((await get({ accessKeyId, secretAccessKey }, 'alpha')).status).not.toBe(0);
  });
});

describe('moto', () => {
  it('tells who calls: the user, and the role', async () => {
    const user = { arn: moto.svcArn, account: MOTO_ACCOUNT };
    expect(await motoIdentity(moto.svc)).toEqual(user);
    const keys = await assumeRole(moto.endpoint, moto.svc, { roleArn: moto.roleArn, seconds: 900 });
    expect(String((await motoIdentity(keys))['arn'])).toContain('assumed-role/reader/bed');
  });

  it('enforces authentication until told not to', async () => {
    const nobody = { accessKeyId: 'NOBODY', secretAccessKey: 'nothing' };
    const list = () => boto3.run('s3-ls', [moto.bucket], { ...moto.env, ...keyEnv(nobody) });
    expect((await list()).status).not.toBe(0);
    await moto.setEnforcement(false);
    expect(answer(await list())).toEqual({ keys: ['hello.txt'] });
    await moto.setEnforcement(true);
    expect((await list()).status).not.toBe(0);
  });
});

describe('sts gateway', () => {
  afterEach(() => {
    ceph.gateway.setFault(undefined);
    ceph.gateway.setSessionSeconds(undefined);
  });

  it('passes on what was asked, and shortens it when told to', async () => {
    const before = ceph.gateway.count('AssumeRole');
    const long = await assume(ceph.svc);
    ceph.gateway.setSessionSeconds(5);
    const short = await assume(ceph.svc);
    expect(secondsLeft(long)).toBeGreaterThan(3500);
    expect(secondsLeft(short)).toBeLessThan(6);
    expect(ceph.gateway.count('AssumeRole') - before).toBe(2);
    expect(ceph.gateway.calls.at(-1)?.params['DurationSeconds']).toBe('3600');
  });

  it('refuses a wrong secret, an unknown key, a role that is none or does not trust, in the words of AWS', async () => {
    const wrong = { ...ceph.svc, secretAccessKey: 'wrong' };
    const unknown = { accessKeyId: 'UNKNOWN', secretAccessKey: 'unknown' };
    const noRole = 'arn:aws:iam:::role/none';
    await expect(assume(wrong)).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
    await expect(assume(unknown)).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
    await expect(assume(ceph.svc, noRole)).rejects.toMatchObject({ name: 'NoSuchEntity' });
    const untrusting = await ceph.createRole('untrusting', {
      trusts: 'admin',
      policy: allow('s3:*', { Resource: '*' }),
    });
    await expect(assume(ceph.svc, untrusting)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('tells who calls, sessions included', async () => {
    const keys = keysOf(await assume(ceph.svc));
    const { Arn, Account } = await whoIs(ceph.svc);
    expect({ Arn, Account }).toEqual({ Arn: ceph.svcArn, Account: CEPH_ACCOUNT });
    expect((await whoIs(keys)).Arn).toContain('reader-writer/via');
  });

  it('refuses a session that is over, and a clock that is wrong', async () => {
    ceph.gateway.setSessionSeconds(1);
    const keys = keysOf(await assume(ceph.svc));
    await delay(1500);
    await expect(whoIs(keys)).rejects.toMatchObject({ name: 'ExpiredToken' });
    const late = sts(ceph.svc);
    late.config.systemClockOffset = -20 * 60_000;
    const call = late.send(new GetCallerIdentityCommand({}));
    await expect(call).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
  });

  it('takes forms whose spaces are written as plus signs', async () => {
    const policy = JSON.stringify(allow('s3:GetObject', { Resource: '*' }), undefined, 1);
    const words = ['sts', 'assume-role', '--role-arn', ceph.roleArn, '--role-session-name', 'plus'];
    const env = { ...ceph.env, ...keyEnv(ceph.svc) };
    const { status } = await run(pythonScript('aws'), [...words, '--policy', policy], { env });
    expect(ceph.gateway.calls.at(-1)?.params['Policy']).toBe(policy);
    expect(status).toBe(0);
  });

  it('lets everything but STS through unchanged', async () => {
    const env = { ...ceph.env, ...keyEnv(ceph.admin) };
    expect((await boto3.run('s3-put', ['alpha', 'through'], env)).status).toBe(0);
    const read = await boto3.run('s3-get', ['alpha', 'through'], env);
    expect(answer(read)).toEqual({ body: 'put by boto3' });
  });

  it('breaks as told', async () => {
    ceph.gateway.setFault({ kind: 'throttle' });
    await expect(assume(ceph.svc)).rejects.toMatchObject({ name: 'Throttling' });
    ceph.gateway.setFault({ kind: 'down' });
    await expect(assume(ceph.svc)).rejects.toMatchObject({ code: 'ECONNRESET' });
    ceph.gateway.setFault({ kind: 'garbage' });
    await expect(assume(ceph.svc)).rejects.toThrow();
    ceph.gateway.setFault({ kind: 'delay', ms: 600 });
    const start = performance.now();
    await assume(ceph.svc);
    expect(performance.now() - start).toBeGreaterThan(590);
  });
});

describe.each(clients)('$name', (client) => {
  it('says who it is', async () => {
    const outcome = await client.run('identity', [], { ...moto.env, ...keyEnv(moto.svc) });
    expect(answer(outcome)).toEqual({ arn: moto.svcArn, account: MOTO_ACCOUNT });
  });

  it('says where its credentials come from, never the secret', async () => {
    const outcome = await client.run('creds', [], { ...moto.env, ...keyEnv(moto.svc) });
    const { provider, accessKeyId } = answer(outcome);
    expect(String(provider)).toMatch(/env/i);
    expect(moto.svc.accessKeyId.endsWith(String(accessKeyId).slice(-4))).toBe(true);
    expect(outcome.stdout + outcome.stderr).not.toContain(moto.svc.secretAccessKey);
  });

  it('lists, reads and writes', async () => {
    const listed = answer(await client.run('s3-ls', ['alpha'], onCeph()));
    expect(listed['keys']).toContain('hello.txt');
    const read = answer(await client.run('s3-get', ['beta', 'hello.txt'], onCeph()));
    expect(read).toEqual({ body: 'hello from beta' });
    const key = `put-by-${client.name}`;
    expect(answer(await client.run('s3-put', ['beta', key], onCeph()))).toEqual({ put: key });
  });

  it('tells a refusal from any other failure', async () => {
    const keys = await assumeRole(ceph.endpoint, ceph.svc, {
      roleArn: ceph.roleArn,
      seconds: 60,
      policy: allow('s3:GetObject', { Resource: bucketArns('alpha') }),
    });
    const env = { ...ceph.env, ...keyEnv(keys) };
    expect((await client.run('s3-get', ['beta', 'hello.txt'], env)).status).toBe(3);
    expect((await client.run('s3-get', ['alpha', 'none.txt'], onCeph())).status).toBe(1);
  });
});

it.each(clients.filter((client) => client.loops))(
  '$name reads on and on, and tells whose keys it used',
  async (client) => {
    const outcome = await client.run('loop-get', ['alpha', 'hello.txt', '2'], onCeph());
    const { reads, errors, accessKeyIds } = answer(outcome);
    expect({ errors, accessKeyIds }).toEqual({ errors: 0, accessKeyIds: [ceph.admin.accessKeyId] });
    expect(Number(reads)).toBeGreaterThan(3);
  },
);

it('a client inside a network namespace reaches Ceph', async () => {
  const namespace = await startNamespace();
  const read = () =>
    boto3.run('s3-get', ['alpha', 'hello.txt'], onCeph(), { inside: namespace.inside });
  try {
    expect(answer(await read())['error']).toBe('EndpointConnectionError');
    await namespace.reach(Number(new URL(ceph.gateway.endpoint).port));
    expect(answer(await read())).toEqual({ body: 'hello from alpha' });
  } finally {
    await namespace.stop();
  }
});

it('terraform keeps its state in a bucket', async () => {
  const env = { ...ceph.env, ...keyEnv(ceph.admin) };
  const backend = { bucket: 'alpha', key: 'state', region: 'us-east-1' };
  expect(await terraformApply(backend, 'kept', env)).toMatchObject({ status: 0, stdout: 'kept' });
  const state = await boto3.run('s3-get', ['alpha', 'state'], env);
  expect(String(answer(state)['body'])).toContain('kept');
});
