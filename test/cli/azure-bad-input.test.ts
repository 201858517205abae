import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { openInProcess } from '../../src/composition/in-process.ts';
import { certificate } from '../../src/stand-ins/google/certificate.ts';
import { pfxOf } from '../connectors/azure/certificates.ts';
import { azureBed, STORAGE, wordIn } from '../faults/azure-bed.ts';
import { testAzure } from '../support/azure.ts';
import type { TestAzure } from '../support/azure.ts';
import { get } from '../support/http.ts';
import { temporaryHome } from '../support/home.ts';
import { transcript } from './transcript.ts';

/*
 * Azure connectors by the command line and the real control API, and odd requests to their endpoints:
 * what is wrong is told by name, no secret is repeated, and what was stored before is there after.
 */

const MARKER = 'MARKERxDEADBEEFx';
const GUID = '12345678-1234-1234-1234-123456789abc';

async function setup() {
  const world = await testAzure();
  const home = await temporaryHome();
  const { api, stop } = await openInProcess({
    env: { ...world.env, VALETKEY_HOME: home, HOME: home },
    version: 'test',
    clock: world.clock,
    ephemeral: true,
  });
  onTestFinished(stop);
  await api.register({
    name: 'kept',
    type: 'azure',
    auth_method: 'client-certificate',
    attributes: world.certificateAttributes,
  });
  const stored = async () => ({
    list: await api.listConnectors({}),
    files: await readdir(join(home, 'connectors')),
    kept: await readFile(join(home, 'connectors/kept.yaml'), 'utf8'),
    works: (await api.describeClient({ name: 'kept' })).principal,
  });
  const before = await stored();
  const cli = (...argv: string[]) => transcript(argv, { answers: api, cwd: home, env: {} });
  /** Runs a command that must be refused, and looks whether anything has changed. */
  const refused = async (argv: readonly string[], says: string | RegExp, code = 2) => {
    const seen = await cli(...argv);
    expect(seen.stderr).toMatch(says);
    expect({ code: seen.code, stdout: seen.stdout }).toEqual({ code, stdout: '' });
    expect(seen.stderr).not.toMatch(/eyJ\w{10}|PRIVATE KEY|DEADBEEF|\n\s+at /);
    // An error and a hint, and before them what is said of a secret given as an argument.
    expect(seen.stderr.trim().split('\n').length).toBeLessThanOrEqual(4);
    expect(await stored()).toEqual(before);
    return seen.stderr;
  };
  const write = (name: string, content: string | Buffer) =>
    writeFile(join(home, name), content, { mode: 0o600 });
  return { world, home, api, cli, refused, write };
}

const REGISTER = ['connector', 'register', 'bad', '--type', 'azure', '--auth-method'];
const ids = ({ tenant, app }: TestAzure) => [
  `--tenant_id=${tenant.id}`,
  `--client_id=${app.clientId}`,
];

type Make = (pem: string, world: TestAzure) => string | Buffer;
/** Name, how the good PEM is spoilt, what the message must say, more words, and whether only the trial tells. */
type Spoilt = readonly [string, Make, string | RegExp, (readonly string[])?, 'trial'?];

const certificateIn = (pem: string) => pem.slice(0, pem.indexOf('-----BEGIN PRIVATE'));
const keyIn = (pem: string) => pem.slice(pem.indexOf('-----BEGIN PRIVATE'));
const locked = (pem: string) =>
  createPrivateKey(keyIn(pem))
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'right' })
    .toString();

const YEARS_MS = 20 * 365 * 86_400_000;
function dated(at: number): string {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = certificate(pair, 'robot', at);
  return `${pem}${pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()}`;
}
function short(): string {
  const pair = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const pem = certificate(pair, 'robot', Date.parse('2026-11-02T09:00:00Z'));
  return `${pem}${pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()}`;
}
const pfx = (pem: string, password = 'right') =>
  pfxOf({ key: keyIn(pem), certificates: [certificateIn(pem)], password });
const FIELD = 'client_certificate';
const PASSWORD = ['--client_certificate_password=right'];

const CERTIFICATES: readonly Spoilt[] = [
  ['empty', () => '', FIELD],
  ['one blank', () => ' ', FIELD],
  ['without its key', certificateIn, /no private key/],
  ['the key alone', keyIn, /no certificate/],
  ['another’s key', (pem) => certificateIn(pem) + keyIn(dated(Date.now())), /another certificate/],
  ['cut in the middle', (pem) => pem.slice(0, -200), FIELD],
  ['line ends lost', (pem) => pem.replaceAll('\n', ''), FIELD],
  ['line ends escaped', (pem) => pem.replaceAll('\n', String.raw`\n`), FIELD],
  ['a marker in the key', (pem) => pem.replace('PRIVATE KEY-----\n', `$&${MARKER}\n`), FIELD],
  [
    'a marker in the certificate',
    (pem) => pem.replace('CERTIFICATE-----\n', `$&${MARKER}\n`),
    FIELD,
  ],
  ['text', () => `${MARKER} is my key`, FIELD],
  ['binary', () => Buffer.from(Array.from({ length: 512 }, (_, i) => i % 256)), FIELD],
  ['100 KB', (pem) => `${pem}${'x'.repeat(100_000)}`, FIELD],
  ['RSA of 1024 bits', short, /2048 bits/],
  ['a locked key without password', (pem) => certificateIn(pem) + locked(pem), 'password'],
  [
    'a locked key with a wrong one',
    (pem) => certificateIn(pem) + locked(pem),
    'password',
    [`--client_certificate_password=${MARKER}`],
  ],
  ['a PFX without its password', (pem) => pfx(pem), FIELD],
  ['a PFX with a wrong one', (pem) => pfx(pem), FIELD, [`--client_certificate_password=${MARKER}`]],
  ['half a PFX', (pem) => pfx(pem).slice(0, 800), FIELD, PASSWORD],
  ['a PFX in binary', (pem) => Buffer.from(pfx(pem), 'base64'), 'base64', PASSWORD],
  [
    'a PFX with one letter changed',
    (pem) => {
      const bytes = Buffer.from(pfx(pem), 'base64');
      bytes[600] = (bytes[600] ?? 0) ^ 1;
      return bytes.toString('base64');
    },
    FIELD,
    PASSWORD,
  ],
  ['expired', (_pem, { clock }) => dated(clock.now() - YEARS_MS), /valid until/, [], 'trial'],
  ['of the future', (_pem, { clock }) => dated(clock.now() + YEARS_MS), /valid from/, [], 'trial'],
];

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Only OpenSSL makes PFX files here. */
const MADE_HERE = CERTIFICATES.filter(([name]) => !name.includes('PFX') || hasOpenssl());

describe('a certificate', () => {
  test.for(MADE_HERE)('%s', async ([, make, says, more = [], trial]) => {
    const bed = await setup();
    await bed.write('app.pem', make(bed.world.certificatePem, bed.world));
    const flag = '--client_certificate=@app.pem';
    const words = [...REGISTER, 'client-certificate', ...ids(bed.world), flag, ...more];
    if (trial === undefined) {
      await bed.refused(words, says);
      await bed.refused(['connector', 'update', 'kept', flag, ...more], says);
    } else {
      // What only time tells is told by the check before it is stored.
      const seen = await bed.cli(...words);
      expect([seen.code === 0, seen.stdout]).toEqual([false, '']);
      expect(seen.stderr).toMatch(says);
      expect((await bed.api.listConnectors({})).map(({ name }) => name)).toEqual(['kept']);
    }
    const calls = bed.world.azure.log.filter(({ status }) => status !== 200);
    expect(calls).toEqual([]);
  });

  test('that others may read, or that is not there', async () => {
    const bed = await setup();
    const words = (path: string) => [
      ...REGISTER,
      'client-certificate',
      ...ids(bed.world),
      `--client_certificate=@${path}`,
    ];
    await writeFile(join(bed.home, 'open.pem'), bed.world.certificatePem, { mode: 0o644 });
    await bed.refused(words('open.pem'), 'open.pem', 9);
    await bed.refused(words('missing.pem'), 'cannot be read');
    await bed.refused(words('.'), 'it is no file', 9);
    await bed.refused(words('/dev/null'), 'it is no file', 9);
  });
});

const SP = ['service-principal', '--client_secret=@secret'];
const T = `--tenant_id=${GUID}`;
const C = `--client_id=${GUID}`;
const USER = ['user-account', '--no-verify'];
const IDS = `/subscriptions/${GUID}/resourceGroups/rg/providers/Microsoft.ManagedIdentity`;

const ATTRIBUTES: readonly (readonly [string, readonly string[], string])[] = [
  ['no secret', ['service-principal', T, C], 'client_secret'],
  ['no tenant', [...SP, C], 'tenant_id'],
  ['no client', [...SP, T], 'client_id'],
  ['a method of another cloud', ['iam-role', T, C], '--auth-method'],
  [
    'a field of another method',
    [...SP, T, C, '--client_certificate=@secret'],
    'client_certificate',
  ],
  ['a field of another cloud', [...SP, T, C, '--region=eu-west-1'], 'region'],
  ...[
    'common',
    'organizations',
    'consumers',
    'example.com',
    GUID.slice(1),
    `${GUID}0`,
    `{${GUID}}`,
    GUID.replaceAll('-', ''),
    GUID.replace('a', 'g'),
    ` ${GUID}`,
    `${GUID}/..`,
    `${GUID}?x`,
    `https://login.microsoftonline.com/${GUID}`,
    '../x',
    '*',
  ].map((text) => [`the tenant ${text}`, [...SP, C, `--tenant_id=${text}`], 'tenant_id'] as const),
  ...[GUID.slice(1), `{${GUID}}`, 'robot', `api://${GUID}`, `${GUID},${GUID}`].map(
    (text) => [`the client ${text}`, [...SP, T, `--client_id=${text}`], 'client_id'] as const,
  ),
  ...['a b', 'a/../b', 'x..y', '-x.example', 'example', `a.b/${MARKER}`, 'ä.example'].map(
    (text) => [`a person’s tenant ${text}`, [...USER, `--tenant_id=${text}`], 'tenant_id'] as const,
  ),
  ['an object id that is none', [...SP, T, C, '--object_id=robot'], 'object_id'],
  [
    'a resource id of a machine',
    [...SP, T, C, `--identity_resource_id=${IDS.replace('ManagedIdentity', 'Compute')}/x/y`],
    'identity_resource_id',
  ],
  ['half a resource id', [...SP, T, C, `--identity_resource_id=${IDS}`], 'identity_resource_id'],
  ['a cloud that there is not', [...SP, T, C, '--environment=germany'], 'environment'],
  ['an authority in clear', [...SP, T, C, '--authority_host=http://x.example'], 'authority_host'],
  [
    'an authority with a password',
    [...SP, T, C, `--authority_host=https://a:${MARKER}@x.example`],
    'authority_host',
  ],
  [
    'an authority with a query',
    [...SP, T, C, '--authority_host=https://x.example?a=b'],
    'authority_host',
  ],
  ['Resource Manager by FTP', [...SP, T, C, '--arm_endpoint=ftp://x.example'], 'arm_endpoint'],
  ['blobs that are no URL', [...SP, T, C, '--blob_endpoint=acmedata'], 'blob_endpoint'],
  ['no audience', [...SP, T, C, '--audiences='], 'audiences'],
  ...[
    '["a b"]',
    '["a\\"b"]',
    '["a\\nb"]',
    '*',
    'https://*.blob.core.windows.net',
    'ä',
    'https://vault.azure.net/.default',
    '[1',
    '[1]',
    `https://x.example/${'a'.repeat(600)}`,
  ].map(
    (text) => [`audiences ${text}`, [...SP, T, C, `--audiences=${text}`], 'audiences'] as const,
  ),
  ['an account in capitals', [...SP, T, C, '--storage_account=AcmeData'], 'storage_account'],
  ['an account of two letters', [...SP, T, C, '--storage_account=ab'], 'storage_account'],
  ['an account with a host', [...SP, T, C, '--storage_account=a.evil'], 'storage_account'],
  ['a group with a slash', [...SP, T, C, '--resource_group=a/b'], 'resource_group'],
  ['a subscription’s name', [...SP, T, C, '--subscription_id=Data'], 'subscription_id'],
  [
    'another tenant that is not allowed',
    [...SP, T, C, `--for_tenant=${GUID.replace('1', '2')}`],
    'for_tenant',
  ],
  ['no source of a token', ['federated-token', T, C], 'token_file'],
  [
    'two sources',
    ['federated-token', T, C, '--token_file=/x', '--token_url=https://x.example'],
    'token_file',
  ],
  [
    'a stored token with a blank',
    ['access-token', `--token=${MARKER} x`, '--expires-at', '2027-01-01'],
    'token',
  ],
  ['a stored token that has no expiry', ['access-token', '--token=opaque'], 'expires'],
  [
    'a chain that is no switch',
    ['client-certificate', T, C, '--client_certificate=@secret', '--send_chain=maybe'],
    'send_chain',
  ],
  [
    'a lifetime nobody chooses',
    [...SP, T, C, '--expiration-seconds', '3600'],
    'expiration_seconds',
  ],
];

describe('attributes', () => {
  test.for(ATTRIBUTES)('%s', async ([, words, says]) => {
    const bed = await setup();
    await bed.write('secret', bed.world.secretAttributes['client_secret'] ?? '');
    const asked = bed.world.azure.log.length;
    await bed.refused([...REGISTER, ...words], new RegExp(says.replace(/^--/, '(--)?')));
    // The look at what is kept asks nobody either: its token is in memory.
    expect(bed.world.azure.log).toHaveLength(asked);
  });

  test('a tenant, an application and a secret that Entra does not know', async () => {
    const bed = await setup();
    await bed.write('secret', bed.world.secretAttributes['client_secret'] ?? '');
    const [tenant = '', client = ''] = ids(bed.world);
    const register = (...words: string[]) => bed.cli(...REGISTER, ...SP, ...words);
    for (const [words, says] of [
      [[T, client], 'AADSTS90002'],
      [[tenant, C], 'AADSTS700016'],
    ] as const) {
      const { code, stderr, stdout } = await register(...words);
      expect([code === 0, stdout]).toEqual([false, '']);
      expect(stderr).toContain(says);
    }
    await bed.write('secret', `${MARKER}~wrong`);
    const wrong = await register(tenant, client);
    expect(wrong.stderr).toContain('AADSTS7000215');
    expect(wrong.stderr).not.toContain('DEADBEEF');
    expect((await bed.api.listConnectors({})).map(({ name }) => name)).toEqual(['kept']);
  });
});

describe('containers', () => {
  test.for([
    'zenfiles',
    'az://',
    'az://acmedata',
    'az:///zenfiles',
    'az://acmedata/Zenfiles',
    'az://acmedata/ab',
    'az://acmedata/a--b',
    'az://acmedata/-ab',
    'az://acmedata/../x',
    'az://acmedata/zenfiles/sub',
    'az://acmedata/zenfiles?sv=2020&sig=x',
    'az://acmedata/zenfiles#x',
    'az://acme.data/zenfiles',
    'az://acmedata@evil/zenfiles',
    'az://ACMEDATA/zenfiles\n',
    'https://acmedata.blob.core.windows.net',
    'https://acmedata.blob.core.windows.net.evil.example/zenfiles',
    'https://acmedata.blob.core.windows.net@evil.example/zenfiles',
    'https://evil.example@acmedata.blob.core.windows.net/zenfiles',
    'https://acmedata.blob.core.windows.net:8443/zenfiles',
    'https://acmedata.blob.core.chinacloudapi.cn/zenfiles',
    'http://acmedata.blob.core.windows.net/zenfiles',
    'abfss://zenfiles@acmedata.dfs.core.windows.net@evil.example',
    'abfss://zenfiles',
    's3://zenfiles',
    'gs://zenfiles',
    'acmedata/zenfiles',
    `az://acmedata/${'a'.repeat(64)}`,
    `az://acmedata/${'x'.repeat(8_192)}`,
    '%2e%2e',
    '*',
  ])('%s', async (id) => {
    const bed = await setup();
    const asked = bed.world.azure.log.length;
    const words = ['connector', 'describe', 'kept', '--resource-type', 'blob-container'];
    await bed.refused([...words, '--resource-id', id], 'resource_id');
    expect(bed.world.azure.log).toHaveLength(asked);
  });
});

describe('requests', () => {
  const DIGEST = createHash('sha256').update('x').digest('hex');
  /** Query, the word of the answer in IMDS's shape. */
  const QUERIES: readonly (readonly [string, string])[] = [
    ['', 'invalid_request'],
    ['api-version=2018-02-01', 'invalid_request'],
    ['api-version=2018-02-01&resource=', 'invalid_request'],
    ['api-version=2018-02-01&resource=%20', 'invalid_request'],
    [`api-version=2018-02-01&resource=${STORAGE}&resource=${STORAGE}`, 'invalid_request'],
    [`api-version=2018-02-01&resource=${STORAGE}%00`, 'invalid_request'],
    [`api-version=2018-02-01&resource=${STORAGE}%0d%0ax:y`, 'invalid_request'],
    ['api-version=2018-02-01&resource=%ff', 'invalid_request'],
    ['api-version=2018-02-01&resource=%', 'invalid_request'],
    ['api-version=2018-02-01&resource=%22%3e', 'invalid_request'],
    ['api-version=2018-02-01&resource=%C3%A4', 'invalid_request'],
    [`api-version=2018-02-01&resource=${'x'.repeat(8_192)}`, 'invalid_request'],
    [`api-version=2018-02-01&resource=${STORAGE}%20${STORAGE}`, 'invalid_scope'],
    [`api-version=2018-02-01&resource=${STORAGE}/.default`, 'invalid_resource'],
    [`resource=${STORAGE}`, 'invalid_request'],
    [`api-version=2017-01-01&resource=${STORAGE}`, 'invalid_request'],
    [`api-version=x&resource=${STORAGE}`, 'invalid_request'],
    [`api-version=2018-02-01&api-version=2018-02-01&resource=${STORAGE}`, 'invalid_request'],
    [
      `api-version=2018-02-01&resource=${STORAGE}&client_id=${GUID}&object_id=${GUID}`,
      'invalid_request',
    ],
    [
      `api-version=2018-02-01&resource=${STORAGE}&client_id=${GUID}&client_id=${GUID}`,
      'invalid_request',
    ],
    [`api-version=2018-02-01&resource=${STORAGE}&client_id=${GUID}`, 'invalid_request'],
    [`api-version=2018-02-01&resource=${STORAGE}&client_id=%00`, 'invalid_request'],
    [
      `api-version=2018-02-01&resource=${STORAGE}&msi_res_id=${'x'.repeat(4_096)}`,
      'invalid_request',
    ],
    [`api-version=2018-02-01&resource=${STORAGE}&token_sha256_to_refresh=x`, 'invalid_request'],
    [
      `api-version=2018-02-01&resource=${STORAGE}&token_sha256_to_refresh=${DIGEST}&token_sha256_to_refresh=${DIGEST}`,
      'invalid_request',
    ],
  ];

  test('an identity whose id is not known is not named by the id of nothing', async () => {
    const bed = await azureBed({
      connector: () => ({ auth_method: 'managed-identity', attributes: {} }),
    });
    const nobody = '&client_id=00000000-0000-0000-0000-000000000000';
    const reply = await bed.imds(STORAGE, nobody);
    expect([reply.status, wordIn(reply)]).toEqual([400, 'invalid_request']);
    expect(reply.body).toContain('Identity not found');
    expect((await bed.appService(STORAGE, nobody)).body).toContain('Identity not found');
  });

  test('are refused in the protocol’s shape, and a good one is answered as before', async () => {
    const bed = await azureBed();
    const good = await bed.imds();
    const asked = bed.exchanges();
    const base = bed.daemon.baseUrl;
    for (const [query, word] of QUERIES) {
      const path = `/metadata/identity/oauth2/token${query === '' ? '' : `?${query}`}`;
      const reply = await get(`${base}${path}`, { Metadata: 'true' });
      expect([query, reply.status, wordIn(reply)]).toEqual([query, 400, word]);
      expect(reply.body.length).toBeLessThan(600);
      const other = query.replaceAll('2018-02-01', '2019-08-01');
      const header = { 'X-IDENTITY-HEADER': bed.bearer };
      const shaped = await get(`${base}/msi/token?${other}`, header);
      expect([other, shaped.status]).toEqual([other, 400]);
      expect(JSON.parse(shaped.body)).toMatchObject({ statusCode: 400 });
    }
    expect(bed.exchanges()).toBe(asked);
    expect((await bed.imds()).body).toBe(good.body);
    expect(bed.daemon.logText()).not.toContain(bed.bearer);
  });
});
