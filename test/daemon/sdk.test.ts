import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { ENDPOINTS } from '../../src/endpoints/index.ts';
import { testCloud } from '../support/cloud.ts';
import { runProgram, testDaemon } from '../support/daemon.ts';

/*
 * The real AWS SDK for JavaScript as a process of its own, told nothing but environment variables,
 * against the real daemon. The clock of this machine is used: the SDK signs with it.
 */

const CLIENT = join(import.meta.dirname, '../interop/clients/aws-js-v3/client.mjs');
const uid = process.getuid?.() ?? 0;

async function setup(config: string) {
  const cloud = await testCloud({ systemTime: true });
  const daemon = await testDaemon({ env: cloud.env, config });
  cloud.aws.buckets.put('zenfiles', 'train.csv', Buffer.from('1,2'));
  await daemon.api.register({
    name: 'aws-dev',
    type: 'aws',
    auth_method: 'iam-role',
    attributes: cloud.roleAttributes,
  });
  const run = (set: Readonly<Record<string, string>>, ...args: string[]) =>
    runProgram(process.execPath, [CLIENT, ...args], {
      ...set,
      HOME: daemon.home,
      AWS_ENDPOINT_URL: cloud.aws.url, // the services; the credentials come from the daemon alone
    });
  return { cloud, daemon, run };
}

test('over ECS: identity, its own bucket yes, another no, a read grant cannot write', async () => {
  const { cloud, daemon, run } = await setup('listeners: [{ address: "127.0.0.1:0" }]\n');
  const access = await daemon.api.openWorkload({
    grants: [{ connector: 'aws-dev', resource_id: 's3://zenfiles', access: 'read' }],
  });
  expect((await stat(access.tokenFile)).mode & 0o777).toBe(0o600);
  const { set } = ENDPOINTS.ecs.variables({
    baseUrl: access.baseUrl ?? '',
    token: access.token,
    tokenFile: access.tokenFile,
    region: access.region,
  });
  const identity = await run(set, 'identity');
  expect(identity.status).toBe(0); // stderr: this SDK remarks that both forms of the secret are set
  expect(JSON.parse(identity.stdout)).toMatchObject({ account: '111122223333' });
  expect((await run(set, 's3-get', 'zenfiles', 'train.csv')).status).toBe(0);
  expect((await run(set, 's3-put', 'zenfiles', 'new')).status).toBe(3);
  expect((await run(set, 's3-ls', 'payroll')).status).toBe(3);
  // Registration verified with sessions of its own; the four clients shared one.
  const scoped = cloud.aws.accounts
    .sessions()
    .filter(({ parameters }) => parameters['Policy']?.includes('zenfiles'));
  expect(scoped).toHaveLength(1);
  const audit = await readFile(join(daemon.home, 'audit.jsonl'), 'utf8');
  expect(JSON.parse(audit.trim())).toMatchObject({
    by: 'token',
    uid,
    connector: 'aws-dev',
    credentialId: scoped[0]?.accessKeyId,
  });
});

test('over IMDS: recognised by listener and user, no secret at all', async () => {
  const port = await freePort();
  const { daemon, run } = await setup(
    `listeners: [{ address: "127.0.0.1:${port}" }]\n` +
      'workloads:\n  dev:\n    region: eu-west-1\n' +
      '    grants: [{ connector: aws-dev, resource_id: "s3://zenfiles", access: read }]\n' +
      `    clients: [{ listener: "127.0.0.1:${port}" }]\n`,
  );
  const { set } = ENDPOINTS.imds.variables({
    baseUrl: daemon.baseUrl,
    token: undefined,
    tokenFile: undefined,
    region: undefined,
  });
  const creds = await run(set, 'creds');
  expect(creds).toMatchObject({ status: 0 });
  expect(JSON.parse(creds.stdout)).toMatchObject({ hasToken: true });
  expect((await run(set, 's3-get', 'zenfiles', 'train.csv')).status).toBe(0);
});

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      );
    });
  });
}
