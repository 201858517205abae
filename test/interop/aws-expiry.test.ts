import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { RenewalPolicy } from '../../src/broker/renewal.ts';
import { startDaemon, type Daemon } from '../../src/daemon.ts';
import { startCeph, type CephBed } from '../beds/ceph.ts';
import type { Env } from '../beds/process.ts';
import { COLD_BUILD_MS } from './builds.ts';
import { answer, buildClients, clients, type Client } from './clients.ts';
import { ecsDocument, staticKeys } from './credential-document.ts';
import { install, registerRole, type Installation } from './harness.ts';

/* Sessions of seconds instead of an hour, and a daemon that renews them in time. */

const SECONDS = 8;
const POLICY: RenewalPolicy = {
  floorMs: 3_000,
  fraction: 1 / 3,
  jitter: 0.1,
  shortestMs: 4_000,
  restMs: 1_000,
};
const LOOP_SECONDS = 20;

let ceph: CephBed;
let home: Installation;
let daemon: Daemon;
let env: Env;
beforeAll(async () => {
  [ceph] = await Promise.all([startCeph(), buildClients()]);
  const { endpoint } = ceph.gateway;
  home = await install({ env: { AWS_ENDPOINT_URL_STS: endpoint, AWS_ENDPOINT_URL_S3: endpoint } });
  // In this process, because no person can set such a policy.
  daemon = await startDaemon({
    env: home.env,
    version: '0',
    log: new PassThrough().resume(),
    renewal: POLICY,
  });
  await registerRole(home, 'data', { keys: ceph.svc, roleArn: ceph.roleArn });
  env = { ...ceph.env, ...(await home.variables('--grant', 'data=s3://alpha:read')) };
}, COLD_BUILD_MS);
afterAll(async () => {
  await daemon?.stop();
  await Promise.all([ceph?.stop(), home?.remove()]);
});

describe('a session that is over', () => {
  let keys: Env;
  let expiration: number;
  beforeAll(async () => {
    ceph.gateway.setSessionSeconds(SECONDS);
    const document = await ecsDocument(env);
    keys = { ...ceph.env, ...staticKeys(document) };
    expiration = Date.parse(document.Expiration);
    const [boto3] = clients;
    expect((await boto3?.run('s3-get', ['alpha', 'hello.txt'], keys))?.status).toBe(0);
    await delay(expiration - Date.now() + 1_000);
  });

  it('lived as long as the cloud said, not as long as was asked for', () => {
    expect(ceph.gateway.calls.at(-1)?.params['DurationSeconds']).toBe('3600');
    expect(expiration).toBeLessThan(Date.now());
  });

  it.each(clients)('is refused to $name', async (client) => {
    const refused = await client.run('s3-get', ['alpha', 'hello.txt'], keys);
    expect(answer(refused)['error']).toBe('AccessDenied');
    expect(refused.status).toBe(3);
  });
});

describe('a program that runs for long', () => {
  beforeEach(() => ceph.gateway.setSessionSeconds(SECONDS));

  it(`crosses renewals without one error: ${names()}`, async () => {
    const before = ceph.gateway.count('AssumeRole');
    const looping = clients.filter(({ loops }) => loops);
    const outcomes = await Promise.all(looping.map((client) => loop(client)));
    for (const [i, { reads, errors, firstError, accessKeyIds }] of outcomes.entries()) {
      const { name } = looping[i] as Client;
      expect({ name, errors, firstError }).toEqual({ name, errors: 0, firstError: null });
      expect(reads).toBeGreaterThan(10);
      expect((accessKeyIds as string[]).length).toBeGreaterThan(2);
    }
    // One session about every five seconds, whoever asks and however often.
    const sessions = ceph.gateway.count('AssumeRole') - before;
    expect(sessions).toBeGreaterThan(2);
    expect(sessions).toBeLessThan(12);
  });
});

const loop = async (client: Client) =>
  answer(
    await client.run('loop-get', ['alpha', 'hello.txt', String(LOOP_SECONDS)], env, {
      timeoutMs: 90_000,
    }),
  );

function names(): string {
  return clients
    .filter(({ loops }) => loops)
    .map(({ name }) => name)
    .join(', ');
}
