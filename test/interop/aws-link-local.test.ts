import { writeFile } from 'node:fs/promises';

import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startCeph, type CephBed } from '../beds/ceph.ts';
import { startNamespace, type Namespace } from '../beds/netns.ts';
import type { Env } from '../beds/process.ts';
import { COLD_BUILD_MS } from './builds.ts';
import { answer, buildClients, clients, type Client, type Verb } from './clients.ts';
import { install, registerRole, type Installation, type Service } from './harness.ts';
import { terraformApply } from './terraform.ts';

/*
 * The addresses that AWS's SDKs have built in, in a network namespace where they are ours: instance
 * metadata with no variable at all, and EKS Pod Identity with the variables that EKS injects.
 */

const METADATA = '169.254.169.254:80';
const POD_IDENTITY = '169.254.170.23:80';
const ISSUER = 'https://issuer.example';
const KID = 'test-key';
const TRAINER = 'system:serviceaccount:prod:trainer';

let ceph: CephBed;
let namespace: Namespace;
let home: Installation;
let daemon: Service;
let signingKey: CryptoKey;
beforeAll(async () => {
  const keys = await generateKeyPair('RS256');
  signingKey = keys.privateKey;
  [ceph, namespace] = await Promise.all([startCeph(), startNamespace(), buildClients()]);
  const { endpoint } = ceph.gateway;
  await namespace.reach(Number(new URL(endpoint).port));
  home = await install({ env: { AWS_ENDPOINT_URL_STS: endpoint, AWS_ENDPOINT_URL_S3: endpoint } });
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: KID, alg: 'RS256', use: 'sig' };
  const grants = [{ connector: 'data', resource_id: 's3://alpha', access: 'read' }];
  await home.writeConfig({
    listeners: [{ address: METADATA }, { address: POD_IDENTITY }],
    workloads: {
      vm: { grants, clients: [{ listener: METADATA }] },
      trainer: { grants, clients: [{ service_account: 'prod/trainer' }] },
    },
    pod_identity: {
      jwks_file: await home.privateFile(JSON.stringify({ keys: [jwk] })),
      issuer: ISSUER,
    },
  });
  daemon = await home.serve({ inside: namespace.inside });
  await registerRole(home, 'data', { keys: ceph.svc, roleArn: ceph.roleArn });
}, COLD_BUILD_MS);
afterAll(async () => {
  await daemon?.stop();
  await Promise.all([ceph?.stop(), namespace?.stop(), home?.remove()]);
});

const inside = (client: Client, env: Env, verb: Verb, ...args: readonly string[]) =>
  client.run(verb, args, env, { inside: namespace.inside });

async function expectReadOfAlphaOnly(client: Client, env: Env): Promise<void> {
  const [own, other, put] = await Promise.all([
    inside(client, env, 's3-get', 'alpha', 'hello.txt'),
    inside(client, env, 's3-get', 'beta', 'hello.txt'),
    inside(client, env, 's3-put', 'alpha', 'refused'),
  ]);
  expect(answer(own)).toEqual({ body: 'hello from alpha' });
  expect(other.status).toBe(3);
  expect(put.status).toBe(3);
}

describe('169.254.169.254', () => {
  /** The bed's address, which in a cloud nobody has to say; of credentials nothing. */
  const bare = (): Env => ({ ...ceph.env, AWS_EC2_METADATA_DISABLED: undefined });

  /** These ask the instance for its region as well. */
  const FINDS_REGION = new Set(['aws-cli-v2', 'aws-js-v3', 'java-v2', 'rust']);

  it.each(clients)('$name works with no variable at all', async (client) => {
    const regionless = { AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined };
    const env = { ...bare(), ...(FINDS_REGION.has(client.name) ? regionless : {}) };
    await expectReadOfAlphaOnly(client, env);
  });

  it('terraform finds its credentials, too', async () => {
    const backend = { bucket: 'alpha', key: 'hello.txt', region: 'us-east-1' } as const;
    const words = { ...backend, skip_metadata_api_check: 'false' } as const;
    // A state that is no state, but was read: with these credentials, from this bucket.
    const { stderr } = await terraformApply(words, 'kept', bare(), namespace.inside);
    expect(stderr).toContain('Unsupported state file format');
  });

  it('gives another user of the machine nothing', async () => {
    // Not `fetch`, whose Sec-Fetch-Mode header is a browser's.
    const script = `
      const { request } = await import('node:http');
      const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' };
      request('http://169.254.169.254/latest/api/token', { method: 'PUT', headers }, (answer) =>
        console.log(answer.resume().statusCode)).end();`.replaceAll('\n', ' ');
    const ask = (...words: readonly string[]) =>
      namespace.run('env', [...words, process.execPath, '--input-type=module', '-e', script]);
    expect((await ask()).stdout).toBe('200\n');
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    expect((await ask(...nobody)).stdout).toBe('403\n');
  });
});

describe('169.254.170.23', () => {
  const sign = (subject: string, key = signingKey, audience = 'pods.eks.amazonaws.com') =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'RS256', kid: KID })
      .setSubject(subject)
      .setIssuer(ISSUER)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(key);

  /** https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html */
  const injected = async (token: string): Promise<Env> => ({
    ...ceph.env,
    AWS_STS_REGIONAL_ENDPOINTS: 'regional',
    AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials',
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: await home.privateFile(token),
  });

  /** Debian's AWS CLI 2.9 is older than Pod Identity: it takes no other host than the loopback. */
  const able = clients.filter(({ name }) => name !== 'aws-cli-v2');

  it.each(able)('$name works as the pod’s service account', async (client) => {
    await expectReadOfAlphaOnly(client, await injected(await sign(TRAINER)));
  });

  it('follows the kubelet’s rotation of the token', async () => {
    const [boto3] = able;
    const env = await injected('outdated');
    const read = () => inside(boto3 as Client, env, 's3-get', 'alpha', 'hello.txt');
    expect((await read()).status).toBe(1);
    await writeFile(env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] ?? '', await sign(TRAINER));
    expect(answer(await read())).toEqual({ body: 'hello from alpha' });
  });

  it.each(['go-v2', 'aws-js-v3'])('%s is refused with a token of somebody else', async (name) => {
    const client = clients.find((one) => one.name === name) as Client;
    const stranger = (await generateKeyPair('RS256')).privateKey;
    const tokens = await Promise.all([
      sign('system:serviceaccount:prod:other'),
      sign(TRAINER, stranger),
      sign(TRAINER, signingKey, 'sts.amazonaws.com'),
    ]);
    await Promise.all(
      tokens.map(async (token) => {
        const refused = await inside(client, await injected(token), 's3-get', 'alpha', 'hello.txt');
        expect(refused.status).toBe(1);
        expect(refused.stdout).not.toContain(token);
      }),
    );
  });
});
