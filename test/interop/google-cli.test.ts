import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { startBigQuery, type BigQuery } from '../beds/google-bigquery.ts';
import { startGoogle, type GoogleBed } from '../beds/google.ts';
import type { Env, Outcome } from '../beds/process.ts';
import { runGoogle, type RunClient } from './google-clients.ts';
import { addRobot, googleHome, PROJECT, registerKey, ROBOT } from './google-home.ts';
import { emailOf, identityClaims, liveToken } from './google-judge.ts';
import { execWords, type Installation, type Service } from './harness.ts';
import { gcsTemplate, terraformApply } from './terraform.ts';

/* Google's command-line tools, Terraform and rclone by variables. Each call has a HOME and a gcloud folder of its own. */

let bed: GoogleBed;
let bigQuery: BigQuery;
let home: Installation;
let daemon: Service;
const variables = new Map<string, Env>();

const READ = 'data=gs://alpha:read';
const WRITE = 'data=gs://alpha:write';
const WHOLE = 'data';

beforeAll(async () => {
  bed = await startGoogle();
  bigQuery = await startBigQuery(bed.google, bed.namespace);
  home = await googleHome(bed);
  const robot = addRobot(bed);
  daemon = await home.serve({ inside: bed.namespace.inside });
  await registerKey(home, 'data', robot.keyFile());
  for (const grant of [READ, WRITE, WHOLE])
    variables.set(grant, { ...bed.trust, ...(await home.variables('--grant', grant)) });
});
afterAll(async () => {
  await daemon?.stop();
  await bigQuery?.stop();
  await Promise.all([bed?.stop(), home?.remove()]);
});

const byEnv = (grant: string, command: readonly string[], options: RunClient = {}) =>
  runGoogle(command, variables.get(grant) ?? {}, { ...options, inside: bed.namespace.inside });

/** Other credentials, and a proxy at which nobody listens: what else a shell may have set. */
const SHELL: Env = {
  CLOUDSDK_CORE_ACCOUNT: 'somebody@example.org',
  CLOUDSDK_CORE_PROJECT: 'another-project',
  CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: '/nonexistent/token',
  CLOUDSDK_CORE_CHECK_GCE_METADATA: 'false',
  HTTP_PROXY: 'http://127.0.0.1:1',
  http_proxy: 'http://127.0.0.1:1',
};

const underExec = (grant: string, command: readonly string[]) =>
  runGoogle(
    command,
    { ...home.names, ...bed.trust, ...SHELL },
    { inside: [...bed.namespace.inside, ...execWords(grant)] },
  );

function printed({ status, stdout, stderr }: Outcome): string {
  if (status !== 0) throw new Error(`ended with ${status}: ${stdout}${stderr}`);
  return stdout.trim();
}

describe('gcloud', () => {
  it.each([
    ['exec', underExec],
    ['env', byEnv],
  ] as const)('by %s has the account, its project and its token', async (_, gcloud) => {
    const [accounts, token, project] = await Promise.all([
      gcloud(WHOLE, ['gcloud', 'auth', 'list', '--format=value(account,status)']),
      gcloud(WHOLE, ['gcloud', 'auth', 'print-access-token']),
      gcloud(WHOLE, ['gcloud', 'config', 'get', 'project']),
    ]);
    expect(printed(accounts)).toBe(`${ROBOT}\t*`);
    expect(emailOf(liveToken(bed, printed(token)))).toBe(ROBOT);
    expect(printed(project)).toBe(PROJECT);
  });

  it('has the token of application-default commands, too', async () => {
    const words = ['gcloud', 'auth', 'application-default', 'print-access-token'];
    expect(emailOf(liveToken(bed, printed(await byEnv(WHOLE, words))))).toBe(ROBOT);
  });

  it('prints an identity token for the audience it is told', async () => {
    const audience = 'https://service.example/';
    const words = ['gcloud', 'auth', 'print-identity-token', `--audiences=${audience}`];
    const claims = await identityClaims(bed, printed(await byEnv(WHOLE, words)), audience);
    expect(claims).toMatchObject({ aud: audience, email: ROBOT });
  });

  it('of a bucket’s grant has a token for the bucket, and no identity token', async () => {
    const [token, identity] = await Promise.all([
      byEnv(READ, ['gcloud', 'auth', 'print-access-token']),
      byEnv(READ, ['gcloud', 'auth', 'print-identity-token', '--audiences=https://a.example']),
    ]);
    expect(liveToken(bed, printed(token)).boundary).toBeDefined();
    expect(identity.status).toBe(1);
    expect(identity.stdout).toBe('');
    expect(identity.stderr).toMatch(/^ERROR: /);
  });

  it('storage reads the granted bucket alone, and does not write', async () => {
    const storage = (...words: readonly string[]) => byEnv(READ, ['gcloud', 'storage', ...words]);
    const [listed, own, other, copied] = await Promise.all([
      storage('ls', 'gs://alpha'),
      storage('cat', 'gs://alpha/hello.txt'),
      storage('ls', 'gs://beta'),
      storage('cp', 'gs://alpha/hello.txt', 'gs://alpha/copied.txt'),
    ]);
    expect(printed(listed).split('\n')).toContain('gs://alpha/hello.txt');
    expect(printed(own)).toBe('hello from alpha');
    expect(other.status).toBe(1);
    expect(other.stderr).toContain(`${ROBOT}] does not have permission`);
    expect(copied.status).toBe(1);
    expect(bed.google.buckets.find('alpha')?.objects.has('copied.txt')).toBe(false);
  });

  it('storage writes with a write grant', async () => {
    const words = ['gcloud', 'storage', 'cp', '-', 'gs://alpha/by-gcloud'];
    const outcome = await byEnv(WRITE, words, { input: 'put by gcloud' });
    expect(outcome.status).toBe(0);
    expect(String(bed.google.buckets.find('alpha')?.objects.get('by-gcloud')?.data)).toBe(
      'put by gcloud',
    );
  });
});

describe('gsutil', () => {
  // It would go on asking for ten minutes.
  const gsutil = (grant: string, ...words: readonly string[]) =>
    byEnv(grant, ['gsutil', '-o', 'GSUtil:num_retries=0', ...words]);

  it('reads the granted bucket alone', async () => {
    const [listed, own, other] = await Promise.all([
      gsutil(READ, 'ls', 'gs://alpha'),
      gsutil(READ, 'cat', 'gs://alpha/hello.txt'),
      gsutil(READ, 'ls', 'gs://beta'),
    ]);
    expect(printed(listed).split('\n')).toContain('gs://alpha/hello.txt');
    expect(printed(own)).toBe('hello from alpha');
    expect(other).toMatchObject({ status: 1, stdout: '' });
  });
});

describe('bq', () => {
  it('lists datasets as the account', async () => {
    const words = ['bq', '--api', bigQuery.url, '--format=json', `--project_id=${PROJECT}`, 'ls'];
    const Listing = z.array(z.object({ id: z.string() }));
    const listing = Listing.parse(JSON.parse(printed(await byEnv(WHOLE, words))));
    expect(listing).toEqual([{ id: `${PROJECT}:of_robot` }]);
  });
});

describe('credential plug-ins', () => {
  const ExecCredential = z.object({
    kind: z.literal('ExecCredential'),
    status: z.object({ token: z.string(), expirationTimestamp: z.iso.datetime() }),
  });

  it.each([[[]], [['--use_application_default_credentials']]])(
    'gke-gcloud-auth-plugin %s gives kubectl a token with its true expiry',
    async (words) => {
      const text = printed(await byEnv(WHOLE, ['gke-gcloud-auth-plugin', ...words]));
      const { status } = ExecCredential.parse(JSON.parse(text));
      const issued = liveToken(bed, status.token);
      expect(emailOf(issued)).toBe(ROBOT);
      expect(issued.scopes).toContain('https://www.googleapis.com/auth/cloud-platform');
      const late = Date.parse(status.expirationTimestamp) - issued.expiresAt;
      expect(Math.abs(late)).toBeLessThan(10_000);
    },
  );

  it('docker-credential-gcloud logs docker in', async () => {
    const words = ['docker-credential-gcloud', 'get'];
    const text = printed(await byEnv(WHOLE, words, { input: 'europe-docker.pkg.dev' }));
    const Login = z.object({ Username: z.literal('_dcgcloud_token'), Secret: z.string() });
    expect(emailOf(liveToken(bed, Login.parse(JSON.parse(text)).Secret))).toBe(ROBOT);
  });
});

describe('terraform', () => {
  const apply = (say: string, env: Env, ...words: readonly string[]) =>
    terraformApply(
      { bucket: 'alpha', prefix: 'state' },
      say,
      env,
      [...bed.namespace.inside, ...words],
      gcsTemplate,
    );

  it('keeps its state with a write grant, and cannot with a read grant', async () => {
    const env = { ...home.names, ...bed.trust };
    const written = await apply('kept', env, ...execWords(WRITE));
    expect(written).toMatchObject({ status: 0, stdout: 'kept' });
    const refused = await apply('changed', variables.get(READ) ?? {});
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain('Error 403');
    const state = bed.google.buckets.find('alpha')?.objects.get('state/default.tfstate');
    expect(String(state?.data)).toContain('"kept"');
  });
});

describe('rclone', () => {
  it('reads the granted bucket alone', async () => {
    const rclone = (...words: readonly string[]) =>
      byEnv(READ, ['rclone', '--config=/dev/null', '--retries=1', ...words]);
    const [own, other] = await Promise.all([
      rclone('cat', ':gcs:alpha/hello.txt'),
      rclone('cat', ':gcs:beta/hello.txt'),
    ]);
    expect(printed(own)).toBe('hello from alpha');
    expect(other.status).not.toBe(0);
    expect(other.stderr).toContain('403');
  });
});
