import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startGoogle, type GoogleBed } from '../beds/google.ts';
import { COLD_BUILD_MS } from './builds.ts';
import { answer } from './clients.ts';
import {
  buildGoogleClients,
  googleClients,
  runGoogle,
  type GoogleClient,
  type GoogleVerb,
} from './google-clients.ts';
import { addRobot, googleHome, PROJECT, registerKey, ROBOT } from './google-home.ts';
import { emailOf, expectDenied, identityClaims, liveToken, tokenOf } from './google-judge.ts';
import type { Installation, Service } from './harness.ts';
import { gcsTemplate, terraformApply } from './terraform.ts';

/*
 * The address and the name that Google's clients have built in, in a network where they are ours. No
 * client is told anything here but whom TLS is to trust, which in a cloud nobody has to say.
 */

const METADATA = '169.254.169.254:80';
const NUMBER = '123456789012';
const SECOND = `second@${PROJECT}.iam.gserviceaccount.com`;

let bed: GoogleBed;
let home: Installation;
let daemon: Service;
beforeAll(async () => {
  [bed] = await Promise.all([startGoogle({ metadataNames: true }), buildGoogleClients()]);
  home = await googleHome(bed);
  const robot = addRobot(bed);
  const second = bed.google.accounts.addServiceAccount({ email: SECOND, project: PROJECT });
  await registerKey(home, 'data', robot.keyFile(), '--no-verify');
  await registerKey(home, 'second', second.keyFile(), '--no-verify');
}, COLD_BUILD_MS);
afterAll(async () => {
  await Promise.all([bed?.stop(), home?.remove()]);
});

/** The machine's own metadata service, for every process of this user. */
function serve(grants: readonly object[]): void {
  beforeAll(async () => {
    const vm = { grants, clients: [{ listener: METADATA }], gcp: { project_number: NUMBER } };
    await home.writeConfig({ listeners: [{ address: METADATA }], workloads: { vm } });
    daemon = await home.serve({ inside: bed.namespace.inside });
  });
  afterAll(() => daemon?.stop());
}

const bare = (client: GoogleClient, verb: GoogleVerb, ...args: readonly string[]) =>
  client.run(verb, args, bed.trust, { inside: bed.namespace.inside });

const command = (...words: readonly string[]) =>
  runGoogle(words, bed.trust, { inside: bed.namespace.inside });

describe('a machine that may read one bucket', () => {
  serve([{ connector: 'data', resource_id: 'gs://alpha', access: 'read' }]);

  it.each(googleClients)('$name reads it, and nothing else', async (client) => {
    const [own, listed, other, put] = await Promise.all([
      bare(client, 'get', 'alpha', 'hello.txt'),
      bare(client, 'ls', 'alpha', 'warm/'),
      bare(client, 'get', 'beta', 'hello.txt'),
      bare(client, 'put', 'alpha', 'refused'),
    ]);
    expect(answer(own)).toEqual({ body: 'hello from alpha' });
    expect(answer(listed)).toEqual({ keys: ['warm/b.txt'] });
    expectDenied(other);
    expectDenied(put);
  });

  it('gcloud storage and gsutil do so, too', async () => {
    const [gcloud, gsutil, other] = await Promise.all([
      command('gcloud', 'storage', 'cat', 'gs://alpha/hello.txt'),
      command('gsutil', '-o', 'GSUtil:num_retries=0', 'cat', 'gs://alpha/hello.txt'),
      command('gcloud', 'storage', 'cat', 'gs://beta/hello.txt'),
    ]);
    expect(gcloud).toMatchObject({ status: 0, stdout: 'hello from alpha' });
    expect(gsutil).toMatchObject({ status: 0, stdout: 'hello from alpha' });
    expect(other.status).toBe(1);
  });

  it('terraform and rclone find their credentials', async () => {
    const backend = { bucket: 'alpha', prefix: 'state' };
    const { inside } = bed.namespace;
    const [refused, copied] = await Promise.all([
      terraformApply(backend, 'kept', bed.trust, inside, gcsTemplate),
      command('rclone', '--config=/dev/null', 'cat', ':gcs:alpha/hello.txt'),
    ]);
    // It listed the states, and may not store one.
    expect(refused.stderr).toMatch(/storage\.objects\.create/);
    expect(copied).toMatchObject({ status: 0, stdout: 'hello from alpha' });
  });

  it('gives another user of the machine nothing', async () => {
    const words = [
      '-sS',
      '--max-time',
      '10',
      '-H',
      'Metadata-Flavor: Google',
      '-w',
      '%{http_code}',
    ];
    const url = `http://${METADATA}/computeMetadata/v1/instance/service-accounts/default/token`;
    const ask = ['curl', '-o', '/dev/null', ...words, url];
    expect((await command(...ask)).stdout).toBe('200');
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    expect((await command(...nobody, ...ask)).stdout).toMatch(/^40[34]$/);
  });
});

describe('a machine with two accounts', () => {
  serve([{ connector: 'data' }, { connector: 'second' }]);

  it.each(googleClients)('$name is the first, and proves it', async (client) => {
    const audience = 'https://service.example/';
    const [who, token, identity] = await Promise.all([
      client.lacks.includes('who') ? undefined : bare(client, 'who'),
      bare(client, 'token'),
      bare(client, 'identity', audience),
    ]);
    if (who !== undefined) expect(answer(who)).toEqual({ email: ROBOT, project: PROJECT });
    expect(emailOf(tokenOf(bed, token))).toBe(ROBOT);
    const claims = await identityClaims(bed, answer(identity)['token'], audience);
    expect(claims['email']).toBe(ROBOT);
  });

  it('gcloud lists both, and takes the one that it is told', async () => {
    const [list, first, other, identity] = await Promise.all([
      command('gcloud', 'auth', 'list', '--format=value(account)'),
      command('gcloud', 'auth', 'print-access-token'),
      command('gcloud', 'auth', 'print-access-token', `--account=${SECOND}`),
      command('gcloud', 'auth', 'print-identity-token', '--audiences=https://a.example'),
    ]);
    expect(list.stdout.trim().split('\n').sort()).toEqual([ROBOT, SECOND]);
    expect(emailOf(liveToken(bed, first.stdout))).toBe(ROBOT);
    expect(emailOf(liveToken(bed, other.stdout))).toBe(SECOND);
    expect(await identityClaims(bed, identity.stdout, 'https://a.example')).toMatchObject({
      email: ROBOT,
    });
  });

  it('gcloud knows the project, and its default application the account', async () => {
    const [project, token] = await Promise.all([
      command('gcloud', 'config', 'get', 'project'),
      command('gcloud', 'auth', 'application-default', 'print-access-token'),
    ]);
    expect(project.stdout.trim()).toBe(PROJECT);
    expect(emailOf(liveToken(bed, token.stdout))).toBe(ROBOT);
  });
});
