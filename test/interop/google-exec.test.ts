import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startGoogle, type GoogleBed } from '../beds/google.ts';
import type { Env } from '../beds/process.ts';
import { COLD_BUILD_MS } from './builds.ts';
import { answer } from './clients.ts';
import {
  buildGoogleClients,
  googleClients,
  type GoogleClient,
  type GoogleVerb,
} from './google-clients.ts';
import { addRobot, googleHome, PROJECT, registerKey, ROBOT } from './google-home.ts';
import { emailOf, expectDenied, identityClaims, liveToken, tokenOf } from './google-judge.ts';
import { execWords, type Installation, type Service } from './harness.ts';

/*
 * From a stored key file to an object in a bucket, by variables and nothing else: nobody listens at
 * 169.254.169.254 here, and no `metadata.google.internal` is known. What a token may do is judged by
 * a Google that knows nothing of valetkey.
 */

let bed: GoogleBed;
let home: Installation;
let daemon: Service;
/** What `valetkey env` says for a grant, beside the bed's authority. */
const variables = new Map<string, Env>();

const READ = 'data=gs://alpha:read';
const WRITE = 'data=gs://alpha:write';
const PREFIX = 'data=gs://alpha/cold/:read';
const WHOLE = 'data';
const AUDIENCE = 'https://service.example/path?x=1';

/** Other credentials, no credentials, and a proxy at which nobody listens. */
const SHELL: Env = {
  GOOGLE_APPLICATION_CREDENTIALS: '/nonexistent/key.json',
  NO_GCE_CHECK: 'true',
  METADATA_SERVER_DETECTION: 'none',
  GCE_METADATA_HOST: '127.0.0.1:1',
  GCE_METADATA_MTLS_MODE: 'strict',
  GCLOUD_PROJECT: 'another-project',
  HTTP_PROXY: 'http://127.0.0.1:1',
  http_proxy: 'http://127.0.0.1:1',
};

beforeAll(async () => {
  [bed] = await Promise.all([startGoogle(), buildGoogleClients()]);
  home = await googleHome(bed);
  const robot = addRobot(bed);
  daemon = await home.serve({ inside: bed.namespace.inside });
  await registerKey(home, 'data', robot.keyFile());
  for (const grant of [READ, WRITE, PREFIX, WHOLE])
    variables.set(grant, { ...bed.trust, ...(await home.variables('--grant', grant)) });
}, COLD_BUILD_MS);
afterAll(async () => {
  await daemon?.stop();
  await Promise.all([bed?.stop(), home?.remove()]);
});

const clients = googleClients.filter(({ knowsVariables }) => knowsVariables);

/** A client as the child of `valetkey exec`. */
const underExec = (
  client: GoogleClient,
  grant: string,
  verb: GoogleVerb,
  args: readonly string[],
  shell: Env = {},
) =>
  client.run(
    verb,
    args,
    { ...home.names, ...bed.trust, ...shell },
    {
      inside: [...bed.namespace.inside, ...execWords(grant)],
    },
  );

/** A client that was told the variables of `valetkey env`. */
const byEnv = (client: GoogleClient, grant: string, verb: GoogleVerb, ...args: readonly string[]) =>
  client.run(verb, args, variables.get(grant) ?? {}, { inside: bed.namespace.inside });

describe.each(clients)('$name', (client) => {
  it('under exec is the account of the key file, and reads its bucket alone', async () => {
    const [token, own, other] = await Promise.all([
      underExec(client, READ, 'token', []),
      underExec(client, READ, 'get', ['alpha', 'hello.txt']),
      underExec(client, READ, 'get', ['beta', 'hello.txt']),
    ]);
    const { token: text, expiresIn } = answer(token);
    expect(emailOf(liveToken(bed, text))).toBe(ROBOT);
    expect(liveToken(bed, text).boundary).toBeDefined();
    expect(expiresIn).toBeGreaterThan(1500);
    expect(expiresIn).toBeLessThanOrEqual(3600);
    expect(answer(own)).toEqual({ body: 'hello from alpha' });
    expectDenied(other);
  });

  it('under exec finds the same whatever else the shell has set', async () => {
    const token = await underExec(client, READ, 'token', [], SHELL);
    expect(tokenOf(bed, token).boundary).toBeDefined();
  });

  it('by env finds who it is and where', async () => {
    expect(answer(await byEnv(client, READ, 'who'))).toEqual({ email: ROBOT, project: PROJECT });
  });

  it('by env lists and reads its bucket, and no other; a read grant cannot write', async () => {
    const [listed, own, other, put] = await Promise.all([
      byEnv(client, READ, 'ls', 'alpha'),
      byEnv(client, READ, 'get', 'alpha', 'hello.txt'),
      byEnv(client, READ, 'ls', 'beta'),
      byEnv(client, READ, 'put', 'alpha', 'refused'),
    ]);
    expect(answer(listed)['keys']).toContain('warm/b.txt');
    expect(answer(own)).toEqual({ body: 'hello from alpha' });
    expectDenied(other);
    expectDenied(put);
    expect(bed.google.buckets.find('alpha')?.objects.has('refused')).toBe(false);
  });

  it('by env writes with a write grant, and into no other bucket', async () => {
    const key = `by-${client.name.replaceAll('/', '-')}`;
    const [written, elsewhere] = await Promise.all([
      byEnv(client, WRITE, 'put', 'alpha', key),
      byEnv(client, WRITE, 'put', 'beta', key),
    ]);
    expect(answer(written)).toEqual({ put: key });
    expect(String(bed.google.buckets.find('alpha')?.objects.get(key)?.data)).toMatch(/^put by /);
    expectDenied(elsewhere);
  });

  it('by env sees no further than the prefix of its grant', async () => {
    const [listed, own, beside, all] = await Promise.all([
      byEnv(client, PREFIX, 'ls', 'alpha', 'cold/'),
      byEnv(client, PREFIX, 'get', 'alpha', 'cold/a.txt'),
      byEnv(client, PREFIX, 'get', 'alpha', 'warm/b.txt'),
      byEnv(client, PREFIX, 'ls', 'alpha'),
    ]);
    expect(answer(listed)).toEqual({ keys: ['cold/a.txt'] });
    expect(answer(own)).toEqual({ body: 'cold' });
    expectDenied(beside);
    expectDenied(all);
  });

  it('by env proves its identity to an audience', async () => {
    const { token } = answer(await byEnv(client, WHOLE, 'identity', AUDIENCE));
    expect(await identityClaims(bed, token, AUDIENCE)).toMatchObject({ email: ROBOT });
  });

  it('a token for one bucket proves nobody’s identity', async () => {
    const refused = await byEnv(client, READ, 'identity', AUDIENCE);
    expect(refused.status).toBe(1);
    expect(answer(refused)['message']).not.toContain('ya29.');
  });
});
