import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { bucketArns, allow, startCeph, type CephBed } from '../beds/ceph.ts';
import { freePort, type Env, type Outcome } from '../beds/process.ts';
import type { Keys } from '../beds/sigv4.ts';
import { clients, type Client } from './clients.ts';
import { askEcs, ecsDocument } from './credential-document.ts';
import { leakSearch } from './leak-search.ts';
import {
  execWords,
  install,
  registerRole,
  roleWords,
  type Installation,
  type Service,
} from './harness.ts';

/*
 * Every secret carries a marker or is noted as it is issued; daemon, command line and clients walk
 * good ways and bad ones; then every byte that any of them left behind is searched.
 */

const [boto3] = clients as readonly [Client, ...Client[]];

const PASSPHRASE = 'planted-passphrase-0123456789';
const WRONG_PASSPHRASE = 'planted-wrong-passphrase-0123456789';
const WRONG_BEARER = 'plantedWrongBearer0123456789abcdefghijklmnop';
const KEYS: Keys = {
  accessKeyId: 'PLANTEDKEYPLANTEDKEY',
  secretAccessKey: 'plantedSecretAccessKey0123456789abcdefgh',
};
const WRONG_SECRET = 'plantedWrongSecret0123456789abcdefghijkl';
const IN_ARGV = 'plantedInArgv0123456789abcdefghijklmnopq';
const IN_FILE = 'plantedInConnectorFile0123456789abcdefgh';

/** Issued secrets are added as they become known. */
const search = leakSearch([
  PASSPHRASE,
  WRONG_PASSPHRASE,
  WRONG_BEARER,
  KEYS.accessKeyId,
  KEYS.secretAccessKey,
  WRONG_SECRET,
  IN_ARGV,
  IN_FILE,
]);
const { secrets, hear } = search;

let ceph: CephBed;
let home: Installation;
let daemon: Service;
let jwt: string;
let listener: string;
let podIdentity: string;

beforeAll(async () => {
  ceph = await startCeph();
  await ceph.createUser('planted', KEYS);
  const pair = await generateKeyPair('RS256');
  jwt = await new SignJWT({})
    .setProtectedHeader({ alg: 'RS256', kid: 'k' })
    .setSubject('system:serviceaccount:prod:trainer')
    .setAudience('pods.eks.amazonaws.com')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(pair.privateKey);
  secrets.add(jwt);
  listener = `127.0.0.1:${await freePort()}`;
  podIdentity = `127.0.0.1:${await freePort()}`;
  const { endpoint } = ceph.gateway;
  home = await install({
    key: PASSPHRASE,
    env: { AWS_ENDPOINT_URL_STS: endpoint, AWS_ENDPOINT_URL_S3: endpoint },
  });
  const keys = [{ ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'RS256' }];
  const grants = [{ connector: 'data', resource_id: 's3://alpha', access: 'read' }];
  await home.writeConfig({
    log: { level: 'debug' },
    listeners: [{ address: listener }, { address: podIdentity, endpoints: ['pod-identity'] }],
    workloads: {
      dev: { grants, clients: [{ token: true }, { listener }] },
      pod: { grants, clients: [{ service_account: 'prod/trainer' }] },
    },
    pod_identity: { jwks_file: await home.privateFile(JSON.stringify({ keys })) },
  });
  daemon = await home.serve();
});
afterAll(async () => {
  await daemon?.stop();
  await Promise.all([ceph?.stop(), home?.remove()]);
});

/** Runs `valetkey` and notes what it said. */
async function cli(args: readonly string[], env: Env = {}): Promise<Outcome> {
  const outcome = await home.run(args, { env });
  search.hearOutcome(args.slice(0, 3).join(' '), outcome);
  return outcome;
}

const noteIssued = (document: string): void => {
  const { SecretAccessKey, Token, SessionToken } = JSON.parse(document) as Record<string, string>;
  for (const secret of [SecretAccessKey, Token, SessionToken]) if (secret) secrets.add(secret);
};

it('good ways: each client gets its credential', async () => {
  const roleArn = await ceph.createRole('planted', {
    trusts: 'planted',
    policy: allow('s3:*', { Resource: bucketArns('alpha') }),
  });
  await registerRole(home, 'data', { keys: KEYS, roleArn });
  for (const output of ['table', 'json', 'yaml']) {
    await cli(['connector', 'list', '--output', output]);
    await cli(['connector', 'describe', 'data', '--output', output]);
    await cli(['connector', 'describe', 'data', '--resource-id', 's3://alpha', '-o', output]);
  }
  expect((await cli(['connector', 'verify', 'data'])).status).toBe(0);

  const variables = await home.variables('dev');
  secrets.add(variables['AWS_CONTAINER_AUTHORIZATION_TOKEN'] ?? '');
  const env = { ...ceph.env, ...variables };
  noteIssued(JSON.stringify(await ecsDocument(env)));
  search.hearOutcome('boto3', await boto3.run('s3-get', ['alpha', 'hello.txt'], env));

  noteIssued(await imds());
  const pod = await request(`http://${podIdentity}/v1/credentials`, {
    headers: { authorization: jwt },
  });
  expect(pod.statusCode).toBe(200);
  noteIssued(await pod.body.text());

  const helper = await home.run(['credential-process', '--workload', 'dev']);
  hear('credential-process, stderr', helper.stderr);
  noteIssued(helper.stdout);

  const inside = execWords('data=s3://alpha:read');
  const child = await home.run([
    ...inside.slice(1),
    'printenv',
    'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  ]);
  secrets.add(child.stdout.trim());
  search.hearOutcome(
    'boto3 under exec',
    await boto3.run('s3-get', ['beta', 'x'], { ...home.names, ...ceph.env }, { inside }),
  );
});

/** The whole exchange of an IMDSv2 client; the token is a secret too. */
async function imds(): Promise<string> {
  const base = `http://${listener}/latest`;
  const put = await request(`${base}/api/token`, {
    method: 'PUT',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
  });
  const token = await put.body.text();
  secrets.add(token);
  const headers = { 'x-aws-ec2-metadata-token': token };
  const role = await request(`${base}/meta-data/iam/security-credentials/dev`, { headers });
  return role.body.text();
}

it('bad ways: each is refused', async () => {
  const role = { keys: { ...KEYS, secretAccessKey: WRONG_SECRET }, roleArn: ceph.roleArn };
  const words = await roleWords(home, 'wrong', role);
  expect((await cli(words)).status).toBe(6);
  expect((await cli([...words, '--no-verify'])).status).toBe(0);
  expect((await cli(['connector', 'verify', 'wrong'])).status).toBe(6);
  search.hearOutcome('exec', await home.run([...execWords('wrong').slice(1), 'true']));
  search.hearOutcome(
    'without a daemon',
    await home.run(['connector', 'verify', 'wrong'], { env: elsewhere() }),
  );

  const inArgv = `--aws-secret-access-key=${IN_ARGV}`;
  const key = '--aws-access-key-id=AKIAIOSFODNN7EXAMPLE';
  const session = ['connector', 'register', 'argv', '--type=aws', '--auth-method=session-token'];
  expect((await cli([...session, key, inArgv, '--region=us-east-1'])).status).toBe(6);
  await cli([...session, key, `${inArgv} with spaces`, '--region=us-east-1']);
  await cli([...session, key, `--aws-secret-key=${IN_ARGV}`, '--region=us-east-1']);

  const file = join(home.home, 'connectors/wrong.yaml');
  await writeFile(file, `${await readFile(file, 'utf8')}\naws_secret_access_key: ${IN_FILE}\n`);
  await cli(['connector', 'list', '-o', 'json']);
  await cli(['connector', 'verify', 'wrong']);
  await writeFile(file, `secret: [${IN_FILE}`);
  await cli(['connector', 'describe', 'wrong']);

  const VALETKEY_PASSPHRASE_FILE = await home.privateFile(WRONG_PASSPHRASE);
  await daemon.stop();
  const locked = await cli(['connector', 'verify', 'data'], { VALETKEY_PASSPHRASE_FILE });
  expect(locked.status).toBe(5);
  hear('the first daemon', await daemon.output());
  daemon = await home.serve();

  const env = { ...ceph.env, ...(await home.variables('--grant', 'data=s3://alpha/cold/:read')) };
  secrets.add(env['AWS_CONTAINER_AUTHORIZATION_TOKEN'] ?? '');
  for (const kind of ['garbage', 'throttle', 'down'] as const) {
    ceph.gateway.setFault({ kind });
    hear(`the endpoint, ${kind}`, (await askEcs(env)).body);
    search.hearOutcome(`boto3, ${kind}`, await boto3.run('creds', [], env));
    await cli(['connector', 'verify', 'data']);
  }
  ceph.gateway.setFault(undefined);

  for (const [url, authorization] of [
    [`http://${listener}/v1/credentials`, WRONG_BEARER],
    [`http://${listener}/v1/credentials`, `Bearer ${WRONG_BEARER}`],
    [`http://${podIdentity}/v1/credentials`, `${jwt}x`],
    [`http://${podIdentity}/v1/credentials`, `Bearer ${jwt}`],
  ] as const) {
    const refused = await request(url, { headers: { authorization } });
    expect(refused.statusCode).toBeGreaterThanOrEqual(400);
    hear(url, await refused.body.text());
  }
  await cli(['status', '-o', 'json']);
});

/** A home of the same files that no daemon serves. */
const elsewhere = (): Env => ({ VALETKEY_HOME: join(home.home, '../elsewhere') });

it('a running exec shows nothing to who looks at processes', async () => {
  const script = 'tr "\\0" "\\n" < /proc/$PPID/cmdline; tr "\\0" "\\n" < /proc/$PPID/environ';
  const child = await home.run([...execWords('data').slice(1), 'sh', '-c', script]);
  expect(child.stdout).toMatch(/exec\n--grant\n[^]*VALETKEY_HOME=/);
  search.hearOutcome('cmdline and environ of exec', child);
});

it('no crash of the daemon would write its memory to a disk', async () => {
  const limits = await readFile(`/proc/${daemon.pid}/limits`, 'utf8');
  expect(limits).toMatch(/^Max core file size +0 /m);
});

it('none of it is to be found afterwards', async () => {
  hear('the daemon', await daemon.output());
  const metrics = await daemon.metrics();
  expect(metrics).toContain('valetkey_refused_total');
  hear('metrics', metrics);
  for (const name of ['cmdline', 'environ'])
    hear(name, await readFile(`/proc/${daemon.pid}/${name}`, 'utf8'));
  // Bearer secrets are kept on purpose, for their owner alone; the broken file holds what this test wrote.
  const onPurpose = (path: string) => path.includes('/run/tokens/') || path.endsWith('/wrong.yaml');
  await search.hearFiles(home.home, onPurpose);
  for (const file of ['audit.jsonl', 'secrets.age', 'data.yaml'])
    expect(search.places()).toContainEqual(expect.stringMatching(new RegExp(`/${file}$`)));

  expect(secrets.size).toBeGreaterThan(14);
  expect(search.found()).toEqual([]);
  hear('control', `x${encodeURIComponent(jwt)}x`);
  expect(search.found()).toHaveLength(1);
});
