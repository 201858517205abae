import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startCeph, type CephBed } from '../beds/ceph.ts';
import { freePort, type Env } from '../beds/process.ts';
import { COLD_BUILD_MS } from './builds.ts';
import { answer, buildClients, clients } from './clients.ts';
import { install, registerRole, type Installation, type Service } from './harness.ts';
import { terraformApply } from './terraform.ts';

/* The EC2 instance metadata service at a loopback port, where variables lead clients. */

let ceph: CephBed;
let home: Installation;
let daemon: Service;
beforeAll(async () => {
  [ceph] = await Promise.all([startCeph(), buildClients()]);
  const { endpoint } = ceph.gateway;
  const [first, second] = [await freePort(), await freePort()].map((port) => `127.0.0.1:${port}`);
  const workload = (access: string, listener = '') => ({
    grants: [{ connector: 'data', resource_id: 's3://alpha', access }],
    clients: [{ listener }],
  });
  home = await install({
    env: { AWS_ENDPOINT_URL_STS: endpoint, AWS_ENDPOINT_URL_S3: endpoint },
    config: {
      listeners: [{ address: first }, { address: second }],
      workloads: { reader: workload('read', first), writer: workload('write', second) },
    },
  });
  daemon = await home.serve();
  await registerRole(home, 'data', { keys: ceph.svc, roleArn: ceph.roleArn });
}, COLD_BUILD_MS);
afterAll(async () => {
  await daemon?.stop();
  await Promise.all([ceph?.stop(), home?.remove()]);
});

const variables = async (workload: string): Promise<Env> => ({
  ...ceph.env,
  ...(await home.variables(workload, '--mode', 'imds')),
});

/** What each client calls the instance metadata service. */
const PROVIDER: Readonly<Record<string, string>> = {
  boto3: 'iam-role',
  'aws-cli-v1': 'iam-role',
  'aws-cli-v2': 'iam-role',
  'aws-js-v3': '', // it does not tell
  'go-v2': 'EC2RoleProvider',
  'java-v2': 'CREDENTIALS_IMDS',
  rust: 'IMDSv2',
};

describe.each(clients)('$name by the variables of env --mode imds', (client) => {
  it('finds its credentials there, reads its own bucket and nothing else', async () => {
    const env = await variables('reader');
    const [found, own, other, put] = await Promise.all([
      client.run('creds', [], env),
      client.run('s3-get', ['alpha', 'hello.txt'], env),
      client.run('s3-get', ['beta', 'hello.txt'], env),
      client.run('s3-put', ['alpha', 'refused'], env),
    ]);
    expect(answer(found)['provider']).toBe(PROVIDER[client.name]);
    expect(answer(own)).toEqual({ body: 'hello from alpha' });
    expect(other.status).toBe(3);
    expect(put.status).toBe(3);
  });

  it('writes as the workload of the other listener', async () => {
    const key = `by-${client.name}`;
    const put = await client.run('s3-put', ['alpha', key], await variables('writer'));
    expect(answer(put)).toEqual({ put: key });
  });
});

it('terraform keeps its state with credentials of the instance metadata service', async () => {
  const backend = { bucket: 'alpha', key: 'state', region: 'us-east-1' } as const;
  const env = await variables('writer');
  const applied = await terraformApply(
    { ...backend, skip_metadata_api_check: 'false' },
    'kept',
    env,
  );
  expect(applied).toMatchObject({ status: 0, stdout: 'kept' });
});

it('env does not lead a workload to an endpoint that would refuse it', async () => {
  const { status, stderr } = await home.run(['env', 'reader', '--mode', 'ecs']);
  expect(status).toBe(2);
  expect(stderr).toContain('imds');
});

it('the audit trail says which workload got what by which program', async () => {
  const lines = (await readFile(`${home.home}/audit.jsonl`, 'utf8')).trim().split('\n');
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(new Set(records.map(({ workload }) => workload))).toEqual(new Set(['reader', 'writer']));
  expect(records[0]).toMatchObject({ by: 'listener', uid: process.getuid?.() });
  expect(records[0]?.['executable']).toMatch(/python|node|java|client|aws/);
});
