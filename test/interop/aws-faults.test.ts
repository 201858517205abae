import { setTimeout as delay } from 'node:timers/promises';

import { Agent } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startCeph, type CephBed } from '../beds/ceph.ts';
import { until, type Env } from '../beds/process.ts';
import { COLD_BUILD_MS } from './builds.ts';
import { answer, buildClients, clients, type Client } from './clients.ts';
import { askEcs, ecsDocument, staticKeys } from './credential-document.ts';
import { execWords, install, registerRole, type Installation, type Service } from './harness.ts';

/* What clients see while the cloud, or the daemon's own time, is not as it should be. */

const [boto3] = clients as readonly [Client, ...Client[]];

let ceph: CephBed;
let home: Installation;
let daemon: Service;
beforeAll(async () => {
  [ceph] = await Promise.all([startCeph(), buildClients()]);
  const { endpoint } = ceph.gateway;
  home = await install({ env: { AWS_ENDPOINT_URL_STS: endpoint, AWS_ENDPOINT_URL_S3: endpoint } });
  await registerRole(home, 'data', { keys: ceph.svc, roleArn: ceph.roleArn });
  ceph.gateway.setFault({ kind: 'down' });
  daemon = await home.serve();
}, COLD_BUILD_MS);
beforeEach(() => {
  ceph.gateway.setFault(undefined);
  ceph.gateway.setSessionSeconds(undefined);
});
afterAll(async () => {
  await daemon?.stop();
  await Promise.all([ceph?.stop(), home?.remove()]);
});

const HELLO = { body: 'hello from the cold' };

let folders = 0;

interface ColdGrant {
  readonly grant: string;
  /** An object that it lets be read. */
  readonly key: string;
  /** A client's environment by `valetkey env`. */
  readonly env: Env;
  /** How often STS was asked for it. */
  assumed(): number;
}

/** A grant that nobody has asked for yet. */
async function coldGrant(): Promise<ColdGrant> {
  const folder = `cold-${++folders}`;
  const key = `${folder}/hello.txt`;
  await ceph.putObject('alpha', key, HELLO.body);
  const grant = `data=s3://alpha/${folder}/:read`;
  return {
    grant,
    key,
    env: { ...ceph.env, ...(await home.variables('--grant', grant)) },
    assumed: () =>
      ceph.gateway.calls.filter(({ params }) => params['Policy']?.includes(`${folder}/`)).length,
  };
}

const read = (client: Client, key: string, env: Env) => client.run('s3-get', ['alpha', key], env);
const works = async (env: Env) => (await askEcs(env)).status === 200;

describe('STS is down', () => {
  it('when the daemon starts: every client fails in the end, and works as soon as STS does', async () => {
    const { key, env } = await coldGrant();
    ceph.gateway.setFault({ kind: 'down' });
    const failed = await Promise.all(clients.map((client) => read(client, key, env)));
    for (const outcome of failed) {
      expect(outcome.status).toBe(1);
      expect(answer(outcome)['body']).toBeUndefined();
    }
    const { status, body } = await askEcs(env);
    expect({ status, code: JSON.parse(body).code }).toEqual({
      status: 503,
      code: 'CredentialsUnavailable',
    });
    expect(await daemon.output()).toContain('UPSTREAM_UNAVAILABLE');

    ceph.gateway.setFault(undefined);
    await until('a credential', () => works(env), { timeoutMs: 70_000 });
    expect(answer(await read(boto3, key, env))).toEqual(HELLO);
  });

  it('later: every client is served from memory, with no call upstream', async () => {
    const { key, env, assumed } = await coldGrant();
    await ecsDocument(env);
    ceph.gateway.setFault({ kind: 'down' });
    const outcomes = await Promise.all(clients.map((client) => read(client, key, env)));
    for (const outcome of outcomes) expect(answer(outcome)).toEqual(HELLO);
    expect(assumed()).toBe(1);
  });

  it('until what is held has expired: then an error, never an old credential', async () => {
    const { env } = await coldGrant();
    ceph.gateway.setSessionSeconds(4);
    const { Expiration } = await ecsDocument(env);
    ceph.gateway.setFault({ kind: 'down' });
    expect((await ecsDocument(env)).Expiration).toBe(Expiration);
    // What clients are told is rounded down to a second.
    await delay(Date.parse(Expiration) - Date.now() + 1_000);
    const { status, body } = await askEcs(env);
    expect(status).toBe(503);
    expect(body).not.toContain('SecretAccessKey');
  });

  it('exec says so and starts the program all the same', async () => {
    const { grant, key } = await coldGrant();
    ceph.gateway.setFault({ kind: 'down' });
    const inside = execWords(grant);
    const env = { ...home.names, ...ceph.env };
    const { status, stderr } = await boto3.run('s3-get', ['alpha', key], env, { inside });
    expect(status).toBe(1);
    expect(stderr).toContain('the cloud cannot be reached');
  });
});

describe('STS takes five seconds', () => {
  it('is waited for by exec, and asked once', async () => {
    const { grant, key, assumed } = await coldGrant();
    ceph.gateway.setFault({ kind: 'delay', ms: 5_000 });
    const env = { ...home.names, ...ceph.env };
    const outcome = await boto3.run('s3-get', ['alpha', key], env, { inside: execWords(grant) });
    expect(answer(outcome)).toEqual(HELLO);
    expect(assumed()).toBe(1);
  });

  it('is not waited for by the endpoint, which says so in time and has it ready later', async () => {
    const { key, env, assumed } = await coldGrant();
    ceph.gateway.setFault({ kind: 'delay', ms: 5_000 });
    const started = performance.now();
    const { status, body } = await askEcs(env);
    expect(performance.now() - started).toBeLessThan(1_500);
    expect({ status, code: JSON.parse(body).code }).toEqual({
      status: 503,
      code: 'CredentialsUninitialized',
    });
    await until('a credential', () => works(env), { timeoutMs: 15_000, pauseMs: 250 });
    expect(answer(await read(boto3, key, env))).toEqual(HELLO);
    expect(assumed()).toBe(1);
  });
});

describe.each([
  ['throttle', 429, 'Throttling'],
  ['garbage', 503, 'CredentialsUnavailable'],
] as const)('STS answers with %s', (kind, status, code) => {
  it('is asked seldom however often clients ask, and clients are told', async () => {
    const { key, env, assumed } = await coldGrant();
    ceph.gateway.setFault({ kind });
    for (let i = 0; i < 100; i++) {
      const reply = await askEcs(env);
      expect({ status: reply.status, code: JSON.parse(reply.body).code }).toEqual({ status, code });
    }
    expect(assumed()).toBeLessThanOrEqual(4);
    const refused = await read(boto3, key, env);
    expect(refused.status).toBe(1);

    ceph.gateway.setFault(undefined);
    await until('a credential', () => works(env), { timeoutMs: 70_000 });
    expect(answer(await read(boto3, key, env))).toEqual(HELLO);
  });
});

describe('the daemon was suspended past an expiry', () => {
  it('hands out a fresh credential to who waited meanwhile, and to the next', async () => {
    const { key, env } = await coldGrant();
    ceph.gateway.setSessionSeconds(4);
    const old = await ecsDocument(env);
    process.kill(daemon.pid, 'SIGSTOP');
    const waiting = ecsDocument(env);
    await delay(Date.parse(old.Expiration) - Date.now() + 1_000);
    ceph.gateway.setSessionSeconds(60);
    process.kill(daemon.pid, 'SIGCONT');
    const [first, next] = await Promise.all([waiting, ecsDocument(env)]);
    for (const fresh of [first, next]) {
      expect(Date.parse(fresh.Expiration)).toBeGreaterThan(Date.now());
      expect(fresh.AccessKeyId).not.toBe(old.AccessKeyId);
    }
    const used = await read(boto3, key, { ...ceph.env, ...staticKeys(first) });
    expect(answer(used)).toEqual(HELLO);
  });
});

describe('everybody asks at once for a cold credential', () => {
  // The key is cold, not the daemon.
  beforeAll(async () => {
    const { env } = await coldGrant();
    ceph.gateway.setFault(undefined);
    await until('a credential', () => works(env));
  });

  it('1,000 connections cause one AssumeRole', async () => {
    const { env, assumed } = await coldGrant();
    const agent = new Agent({ connections: 1_000, pipelining: 1 });
    const replies = await Promise.all(Array.from({ length: 1_000 }, () => askAsSdk(env, agent)));
    await agent.destroy();
    expect(replies.find(({ status }) => status !== 200)).toBeUndefined();
    expect(new Set(replies.map(({ body }) => body)).size).toBe(1);
    expect(assumed()).toBe(1);
  });

  it('20 programs cause one AssumeRole', async () => {
    const { key, env, assumed } = await coldGrant();
    // By a shell: while this process starts programs, the gateway in it stands still.
    const inside = ['sh', '-c', 'for i in $(seq 20); do "$@" & done; wait', 'sh'];
    const { stdout } = await boto3.run('s3-get', ['alpha', key], env, { inside });
    const lines = stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(Array.from({ length: 20 }, () => HELLO));
    expect(assumed()).toBe(1);
  });
});

/** Asks again a second after "not yet", three times in all, as boto3 does. */
async function askAsSdk(env: Env, agent: Agent) {
  for (let attempt = 1; ; attempt++) {
    const reply = await askEcs(env, agent);
    if (reply.status !== 503 || attempt === 3) return reply;
    await delay(1_000);
  }
}
