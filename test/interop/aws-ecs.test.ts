import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CEPH_ACCOUNT, startCeph, type CephBed } from '../beds/ceph.ts';
import { MOTO_ACCOUNT, startMoto, type MotoBed } from '../beds/moto.ts';
import type { Env } from '../beds/process.ts';
import { COLD_BUILD_MS } from './builds.ts';
import { answer, buildClients, clients, type Client, type Verb } from './clients.ts';
import { execWords, install, registerRole, type Installation, type Service } from './harness.ts';
import { terraformApply } from './terraform.ts';

/*
 * ECS container credentials, from a stored key to an object in a bucket. What a client may do is
 * judged by Ceph, who it is by moto; both know nothing of valetkey.
 */

let ceph: CephBed;
let moto: MotoBed;
let home: Installation;
let daemon: Service;
beforeAll(async () => {
  [ceph, moto] = await Promise.all([startCeph(), startMoto(), buildClients()]);
  const { endpoint } = ceph.gateway;
  home = await install({ env: { AWS_ENDPOINT_URL_STS: endpoint, AWS_ENDPOINT_URL_S3: endpoint } });
  daemon = await home.serve();
  await registerRole(home, 'data', { keys: ceph.svc, roleArn: ceph.roleArn });
  const elsewhere = [`--sts-endpoint=${moto.endpoint}`, `--endpoint-url=${moto.endpoint}`];
  await registerRole(home, 'people', { keys: moto.svc, roleArn: moto.roleArn }, ...elsewhere);
}, COLD_BUILD_MS);
afterAll(async () => {
  await daemon?.stop();
  await Promise.all([ceph?.stop(), moto?.stop(), home?.remove()]);
});

/** A client as the child of `valetkey exec`. */
const withGrant = (client: Client, grant: string, verb: Verb, ...args: readonly string[]) => {
  const { env } = grant === 'people' ? moto : ceph;
  return client.run(verb, args, { ...home.names, ...env }, { inside: execWords(grant) });
};

const READ = 'data=s3://alpha:read';
const WRITE = 'data=s3://alpha:write';

/** What each client calls the container provider. */
const PROVIDER: Readonly<Record<string, string>> = {
  boto3: 'container-role',
  'aws-cli-v1': 'container-role',
  'aws-cli-v2': 'container-role',
  'aws-js-v3': 'CREDENTIALS_HTTP',
  'go-v2': 'CredentialsEndpointProvider',
  'java-v2': 'CREDENTIALS_HTTP',
  rust: 'EcsContainer',
};

describe.each(clients)('$name under exec', (client) => {
  it('is the role that the connector assumes', async () => {
    const { arn, account } = answer(await withGrant(client, 'people', 'identity'));
    expect(String(arn)).toContain(':assumed-role/reader/valetkey-people');
    expect(account).toBe(MOTO_ACCOUNT);
  });

  it('finds its credentials at the container endpoint', async () => {
    const { provider } = answer(await withGrant(client, READ, 'creds'));
    expect(provider).toBe(PROVIDER[client.name]);
  });

  it('reads the bucket it was granted, and no other', async () => {
    const [own, listed, other] = await Promise.all([
      withGrant(client, READ, 's3-get', 'alpha', 'hello.txt'),
      withGrant(client, READ, 's3-ls', 'alpha'),
      withGrant(client, READ, 's3-get', 'beta', 'hello.txt'),
    ]);
    expect(answer(own)).toEqual({ body: 'hello from alpha' });
    expect(answer(listed)['keys']).toContain('hello.txt');
    expect(answer(other)['error']).toBe('AccessDenied');
    expect(other.status).toBe(3);
  });

  it('writes with a write grant, and not with a read grant', async () => {
    const key = `by-${client.name}`;
    const [refused, written, elsewhere] = await Promise.all([
      withGrant(client, READ, 's3-put', 'alpha', key),
      withGrant(client, WRITE, 's3-put', 'alpha', key),
      withGrant(client, WRITE, 's3-put', 'beta', key),
    ]);
    expect(refused.status).toBe(3);
    expect(answer(written)).toEqual({ put: key });
    expect(elsewhere.status).toBe(3);
  });

  it('does the same by the variables of valetkey env', async () => {
    const env = { ...ceph.env, ...(await home.variables('--grant', READ)) };
    const [own, other, identity] = await Promise.all([
      client.run('s3-get', ['alpha', 'hello.txt'], env),
      client.run('s3-get', ['beta', 'hello.txt'], env),
      client.run('identity', [], env),
    ]);
    expect(answer(own)).toEqual({ body: 'hello from alpha' });
    expect(other.status).toBe(3);
    expect(answer(identity)['account']).toBe(CEPH_ACCOUNT);
  });
});

describe('terraform', () => {
  const apply = (say: string, env: Env, inside: readonly string[] = []) =>
    terraformApply({ bucket: 'alpha', key: 'state', region: 'us-east-1' }, say, env, inside);

  it('keeps its state with a write grant, and cannot with a read grant', async () => {
    const env = { ...home.names, ...ceph.env };
    const written = await apply('kept', env, execWords(WRITE));
    expect(written).toMatchObject({ status: 0, stdout: 'kept' });
    const refused = await apply('changed', env, execWords(READ));
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain('AccessDenied');
  });

  it('does so by the variables of env', async () => {
    const env = { ...ceph.env, ...(await home.variables('--grant', WRITE)) };
    expect(await apply('again', env)).toMatchObject({ status: 0, stdout: 'again' });
  });
});
