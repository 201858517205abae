import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DownscopedClient,
  ExternalAccountClient,
  Impersonated,
  JWT,
  UserRefreshClient,
} from 'google-auth-library';
import type { AuthClient, ExternalAccountClientOptions } from 'google-auth-library';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createAccounts as createAwsAccounts } from '../../../src/stand-ins/aws/accounts.ts';
import { oidcIssuer } from '../../../src/stand-ins/google/oidc-issuer.ts';
import { startGoogleStandIn } from '../../../src/stand-ins/google/server.ts';
import { CLOUD, rule } from './setup.ts';

/*
 * Google's own client against the stand-in, so that no test here rests on one reading of the
 * protocol alone. It believes the machine's clock, and so does the stand-in. Where it knows only
 * Google's public hosts, its requests are sent to the stand-in instead.
 */
async function startClientBed() {
  const google = await startGoogleStandIn();
  onTestFinished(() => google.stop());
  const robot = google.accounts.addServiceAccount({ name: 'robot', project: 'demo' });
  google.buckets.add({ name: 'own-bucket', project: 'demo', objects: { 'a.txt': 'hello' } });
  google.buckets.add({ name: 'far-bucket', project: 'demo', objects: { 'a.txt': 'far' } });
  const file = robot.keyFile() as Readonly<Record<string, string>>;
  const member = `serviceAccount:${robot.email}`;
  google.buckets.allow(member, 'projects/demo', 'roles/storage.admin');
  const fetchImplementation: typeof fetch = (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    return fetch(url.replace(/^https:\/\/[a-z0-9]+\.googleapis\.com/, google.url), init);
  };
  const transporterOptions = { fetchImplementation };
  const key = (more = {}) =>
    new JWT({
      email: robot.email,
      key: String(file['private_key']),
      keyId: String(file['private_key_id']),
      scopes: [CLOUD],
      transporterOptions,
      ...more,
    });
  const read = async (client: AuthClient, bucket: string): Promise<string> => {
    const url = `${google.url}/storage/v1/b/${bucket}/o/a.txt?alt=media`;
    const { data } = await client.request<string>({ url, responseType: 'text' });
    return data;
  };
  return { google, robot, file, member, key, read, transporterOptions };
}

it('a service account’s key', async () => {
  const bed = await startClientBed();
  const client = bed.key();
  expect(await bed.read(client, 'own-bucket')).toBe('hello');
  const idClient = bed.key({ scopes: undefined });
  expect(await idClient.fetchIdToken('https://a.example')).toMatch(/^eyJ/);
  expect(bed.google.calls.count('oauth2:jwt-bearer')).toBe(2);
});

it('a key that signs for itself', async () => {
  const bed = await startClientBed();
  const client = bed.key({ scopes: [CLOUD] });
  client.useJWTAccessWithScope = true;
  expect(await bed.read(client, 'own-bucket')).toBe('hello');
  expect(bed.google.calls.count('oauth2:jwt-bearer')).toBe(0);
});

it('a person', async () => {
  const bed = await startClientBed();
  const user = bed.google.accounts.addUser({ email: 'a@example.com', consentedScopes: [CLOUD] });
  bed.google.buckets.allow('user:a@example.com', 'own-bucket', 'roles/storage.objectViewer');
  const client = new UserRefreshClient({
    clientId: user.client.clientId,
    clientSecret: user.client.clientSecret,
    refreshToken: user.authorizedUser().refresh_token,
    transporterOptions: bed.transporterOptions,
  });
  expect(await bed.read(client, 'own-bucket')).toBe('hello');
  await expect(bed.read(client, 'far-bucket')).rejects.toMatchObject({ status: 403 });
});

it('a boundary', async () => {
  const bed = await startClientBed();
  const client = new DownscopedClient({
    authClient: bed.key(),
    credentialAccessBoundary: {
      accessBoundary: { accessBoundaryRules: [rule('own-bucket', 'objectViewer')] },
    },
    transporterOptions: bed.transporterOptions,
  });
  // Its exchange goes out on a transporter of its own, which the options do not reach.
  const { transporter } = Reflect.get(client, 'stsCredential') as {
    transporter: { defaults: object };
  };
  transporter.defaults = { ...transporter.defaults, ...bed.transporterOptions };
  expect(await bed.read(client, 'own-bucket')).toBe('hello');
  await expect(bed.read(client, 'far-bucket')).rejects.toMatchObject({ status: 403 });
});

it('another account through a third', async () => {
  const bed = await startClientBed();
  const add = (name: string) =>
    bed.google.accounts.addServiceAccount({ name, project: 'demo' }).email;
  const [middle, target] = [add('middle'), add('target')];
  const role = 'tokenCreator';
  bed.google.accounts.grant({ member: bed.member, role, on: middle });
  bed.google.accounts.grant({ member: `serviceAccount:${middle}`, role, on: target });
  bed.google.buckets.allow(`serviceAccount:${target}`, 'own-bucket', 'roles/storage.objectViewer');
  const client = new Impersonated({
    sourceClient: bed.key(),
    targetPrincipal: target,
    targetScopes: [CLOUD],
    delegates: [`projects/-/serviceAccounts/${middle}`],
    lifetime: 3600,
    transporterOptions: bed.transporterOptions,
  });
  expect(await bed.read(client, 'own-bucket')).toBe('hello');
  await expect(bed.read(client, 'far-bucket')).rejects.toMatchObject({ status: 403 });
  expect(await client.fetchIdToken('https://a.example')).toMatch(/^eyJ/);
});

/** The file that `gcloud iam workload-identity-pools create-cred-config` writes. */
function accountFile(
  url: string,
  audience: string,
  type: string,
  credential_source: object,
): ExternalAccountClientOptions {
  return {
    type: 'external_account',
    audience,
    subject_token_type: type,
    token_url: `${url}/v1/token`,
    credential_source,
  };
}

it('somebody else’s token, from a file and from a URL, and the account behind it', async () => {
  const bed = await startClientBed();
  const issuer = oidcIssuer();
  const pool = bed.google.pools.addPool({
    projectNumber: '123456789012',
    pool: 'build',
    provider: 'github',
    oidc: issuer,
  });
  const on = bed.robot.email;
  bed.google.accounts.grant({ member: pool.member('ci'), role: 'workloadIdentityUser', on });
  const folder = mkdtempSync(join(tmpdir(), 'subject-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const mint = () => issuer.mint({ sub: 'ci', aud: `https:${pool.audience}` });
  writeFileSync(join(folder, 'token'), mint());
  const header = ['Metadata', 'True'] as const;
  const path = bed.google.subjects.serve('ci', mint, { field: 'id_token', header });
  const sources = [
    { file: join(folder, 'token') },
    {
      url: bed.google.url + path,
      headers: { Metadata: 'True' },
      format: { type: 'json', subject_token_field_name: 'id_token' },
    },
  ];
  for (const source of sources) {
    const options = accountFile(
      bed.google.url,
      pool.audience,
      'urn:ietf:params:oauth:token-type:jwt',
      source,
    );
    const client = ExternalAccountClient.fromJSON({
      ...options,
      service_account_impersonation_url: `${bed.google.url}/v1/projects/-/serviceAccounts/${on}:generateAccessToken`,
    });
    if (client === null) throw new Error('the file was not taken');
    client.scopes = [CLOUD];
    // oxlint-disable-next-line no-await-in-loop -- two sources, one after another
    expect(await bed.read(client, 'own-bucket')).toBe('hello');
  }
  expect(bed.google.calls.count('sts:exchange')).toBe(2);
});

it('an AWS identity from the environment', async () => {
  const bed = await startClientBed();
  const keys = createAwsAccounts(Date.now);
  const user = keys.addUser({ name: 'ci' });
  const pool = bed.google.pools.addPool({
    projectNumber: '123456789012',
    pool: 'build',
    provider: 'amazon',
    aws: { account: user.account, keys },
  });
  bed.google.buckets.allow(pool.member(user.arn), 'own-bucket', 'roles/storage.objectViewer');
  vi.stubEnv('AWS_ACCESS_KEY_ID', user.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', user.secretAccessKey);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  onTestFinished(() => void vi.unstubAllEnvs());
  const type = 'urn:ietf:params:aws:token-type:aws4_request';
  const client = ExternalAccountClient.fromJSON(
    accountFile(bed.google.url, pool.audience, type, {
      environment_id: 'aws1',
      regional_cred_verification_url:
        'https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15',
    }),
  );
  if (client === null) throw new Error('the file was not taken');
  client.scopes = [CLOUD];
  expect(await bed.read(client, 'own-bucket')).toBe('hello');
  await expect(bed.read(client, 'far-bucket')).rejects.toMatchObject({ status: 403 });
});
