import { join } from 'node:path';

import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';

import { clientVariables } from '../../src/composition/client-variables.ts';
import type { WorkloadAccess } from '../../src/control/api.ts';
import { freePort } from '../beds/process.ts';
import { runProgram, testDaemon } from '../support/daemon.ts';
import type { TestDaemon } from '../support/daemon.ts';
import { testGoogle } from '../support/google.ts';
import { get } from '../support/http.ts';

/*
 * Google's own library for JavaScript, this major and the one before, as a process of its own that is
 * told nothing but environment variables, against the real daemon. The clock is this machine's: the
 * library reads `exp` of identity tokens by it.
 */

const CLIENT = join(import.meta.dirname, '../interop/clients/google/node/client.mjs');
const LIBRARIES = ['google-auth-library', 'google-auth-library-10'] as const;
const AUDIENCE = 'https://app.example';
const READ = 'https://www.googleapis.com/auth/devstorage.read_only';

async function setup(workload?: (address: string) => object) {
  const world = await testGoogle({ systemTime: true });
  const address = `127.0.0.1:${await freePort()}`;
  const daemon = await testDaemon({
    env: world.env,
    config: stringify({
      listeners: [{ address }],
      ...(workload === undefined ? {} : { workloads: { dev: workload(address) } }),
    }),
  });
  await daemon.api.register({
    name: 'gcp-dev',
    type: 'gcp',
    auth_method: 'service-account',
    attributes: world.keyAttributes,
  });
  return { world, daemon };
}

async function client(
  daemon: TestDaemon,
  access: WorkloadAccess,
  library: string,
  ...args: string[]
) {
  const { variables } = await clientVariables(access, undefined, {
    env: { HOME: daemon.home },
    now: Date.now(),
    directory: join(daemon.home, 'run'),
  });
  const ran = await runProgram(process.execPath, [CLIENT, ...args], {
    ...variables.set,
    HOME: daemon.home,
    PATH: '', // it would ask a gcloud that it finds there
    VALETKEY_TEST_LIBRARY: library,
  });
  return {
    status: ran.status,
    stderr: ran.stderr,
    said: JSON.parse(ran.stdout) as Readonly<Record<string, string | number>>,
  };
}

function claims(jwt: unknown): Record<string, unknown> {
  const [, payload = ''] = String(jwt).split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
}

describe.for(LIBRARIES)('%s', (library) => {
  test('an unnamed workload: who, project, access token, identity token', async () => {
    const { world, daemon } = await setup();
    const access = await daemon.api.openWorkload({ grants: [{ connector: 'gcp-dev' }] });
    const who = await client(daemon, access, library, 'who');
    expect(who).toEqual({
      status: 0,
      stderr: '',
      said: { email: world.robot.email, project: world.project },
    });
    const { said } = await client(daemon, access, library, 'token');
    expect(Number(said['expiresIn'])).toBeGreaterThan(3000);
    const storage = `${world.google.url}/storage/v1/b/zenfiles/o`;
    const bearer = { authorization: `Bearer ${said['token']}` };
    expect((await get(storage, bearer)).status).toBe(200);
    const identity = await client(daemon, access, library, 'identity', AUDIENCE);
    expect(identity.status).toBe(0);
    expect(claims(identity.said['token'])).toMatchObject({
      aud: AUDIENCE,
      email: world.robot.email,
    });
  });

  test('a configured workload with a bucket: its own yes, another no, no writing, no identity', async () => {
    const { world, daemon } = await setup((listener) => ({
      grants: [{ connector: 'gcp-dev', resource_id: 'gs://zenfiles', access: 'read' }],
      clients: [{ listener }],
    }));
    const access = await daemon.api.openWorkload({ workload: 'dev' });
    expect(access.gce?.baseUrl).toBe(daemon.baseUrl);
    const { said } = await client(daemon, access, library, 'token');
    const bearer = { authorization: `Bearer ${said['token']}` };
    const objects = (bucket: string) => `${world.google.url}/storage/v1/b/${bucket}/o`;
    expect((await get(objects('zenfiles'), bearer)).status).toBe(200);
    expect((await get(objects('payroll'), bearer)).status).toBe(403);
    const upload = `${world.google.url}/upload/storage/v1/b/zenfiles/o?uploadType=media&name=new`;
    expect((await get(upload, bearer, 'POST')).status).toBe(403);
    expect((await client(daemon, access, library, 'identity', AUDIENCE)).status).toBe(1);
  });

  test('scopes and audiences of a grant: others are refused', async () => {
    const { daemon } = await setup((listener) => ({
      grants: [{ connector: 'gcp-dev', scopes: [READ], audiences: [AUDIENCE] }],
      clients: [{ listener }],
    }));
    const access = await daemon.api.openWorkload({ workload: 'dev' });
    // This client asks for cloud-platform, which the grant does not include.
    expect((await client(daemon, access, library, 'token')).status).toBe(1);
    expect((await client(daemon, access, library, 'identity', AUDIENCE)).status).toBe(0);
    const other = await client(daemon, access, library, 'identity', 'https://other.example');
    expect(other.status).toBe(1);
    const issued = (await daemon.api.status({})).issued.map(({ audience }) => audience);
    expect(issued).toEqual([AUDIENCE]);
  });
});
