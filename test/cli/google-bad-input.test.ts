import { generateKeyPairSync } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { openInProcess } from '../../src/composition/in-process.ts';
import { ConfigSchema } from '../../src/config/schema.ts';
import { temporaryHome } from '../support/home.ts';
import { testGoogle } from '../support/google.ts';
import type { TestGoogle } from '../support/google.ts';
import { fieldsOfJson } from '../support/json.ts';
import { transcript } from './transcript.ts';

/*
 * Google connectors by the command line and the real control API: what is wrong is told by name, no
 * secret is repeated, nobody is asked that a file names, and what was stored before is there after.
 */

const MARKER = 'MARKERxDEADBEEFx';

async function setup() {
  const world = await testGoogle();
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
    type: 'gcp',
    auth_method: 'service-account',
    attributes: world.keyAttributes,
  });
  const stored = async () => ({
    list: await api.listConnectors({}),
    files: await readdir(join(home, 'connectors')),
    kept: await readFile(join(home, 'connectors/kept.yaml'), 'utf8'),
    works: (await api.describeClient({ name: 'kept' })).principal,
  });
  world.google.calls.reset();
  const before = await stored();
  const cli = (...argv: string[]) => transcript(argv, { answers: api, cwd: home, env: {} });
  /** Runs a command that must be refused, and looks whether anything has changed. */
  const refused = async (argv: readonly string[], says: string, code = 2) => {
    const seen = await cli(...argv);
    expect(seen.stderr).toContain(says);
    expect({ code: seen.code, stdout: seen.stdout }).toEqual({ code, stdout: '' });
    expect(seen.stderr).not.toMatch(/ya29\.|PRIVATE KEY|DEADBEEF|\n\s+at /);
    // An error and a hint, and before them what is said of a secret given as an argument.
    expect(seen.stderr.trim().split('\n').length).toBeLessThanOrEqual(4);
    expect(await stored()).toEqual(before);
    return seen.stderr;
  };
  const write = (name: string, content: string | Buffer) =>
    writeFile(join(home, name), content, { mode: 0o600 });
  return { world, home, api, cli, refused, write };
}

type Setup = Awaited<ReturnType<typeof setup>>;

const REGISTER = ['connector', 'register', 'bad', '--type', 'gcp', '--auth-method'];

/** A port of this machine, as a place that nobody but a misled program would ask. */
async function trap(): Promise<{ readonly url: string; readonly visitors: () => number }> {
  let visitors = 0;
  const server = createServer((socket) => {
    visitors += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, visitors: () => visitors };
}

type File = Readonly<Record<string, unknown>>;
type Make = (file: File, world: TestGoogle) => unknown;
/** Name, how the good file is spoilt (an object is written as JSON), and what the message must say. */
type Spoilt = readonly [name: string, make: Make, says: string];

const text = (file: File) => JSON.stringify(file, null, 2);
const pem = (file: File) => String(file['private_key']);
const without =
  (field: string): Make =>
  (file) =>
    Object.fromEntries(Object.entries(file).filter(([name]) => name !== field));
const having =
  (fields: object): Make =>
  (file) => ({ ...file, ...fields });

function otherKey(kind: 'ec' | 'ed25519'): string {
  const { privateKey } =
    kind === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function publicPart(file: File): string {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  expect(pem(file)).toContain('PRIVATE');
  return pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

const KEY_FILES: readonly Spoilt[] = [
  ['empty', () => '', 'service_account_json'],
  ['one blank', () => ' ', 'it is no JSON'],
  ['cut in the middle', (file) => text(file).slice(0, 900), 'it is no JSON'],
  ['without its last brace', (file) => text(file).slice(0, -1), 'it is no JSON'],
  ['twice in one', (file) => text(file) + text(file), 'it is no JSON'],
  ['a list', (file) => [file], 'it is no JSON object'],
  ['a text', () => '"service_account"', 'it is no JSON object'],
  ['null', () => 'null', 'it is no JSON object'],
  ['binary', () => Buffer.from(Array.from({ length: 512 }, (_, i) => i % 256)), 'it is no JSON'],
  ['UTF-16', (file) => Buffer.from(`\uFEFF${text(file)}`, 'utf16le'), 'it is no JSON'],
  ['the PEM alone', pem, 'it is no JSON'],
  ['YAML', (file) => `type: service_account\nprivate_key: |\n  ${pem(file)}`, 'it is no JSON'],
  ['a person’s login', (_file, { userFile }) => userFile, 'user-account'],
  ['a federation', having({ type: 'external_account' }), 'external-account'],
  ['an impersonation', having({ type: 'impersonated_service_account' }), 'impersonation'],
  ['GDC’s', having({ type: 'gdch_service_account' }), 'gdch_service_account'],
  ['of no type', without('type'), 'service_account'],
  ['of a type with a marker', having({ type: `${MARKER} x` }), 'service_account'],
  ['of a type that is no text', having({ type: 7 }), 'service_account'],
  ['of a type inherited from objects', having({ type: 'constructor' }), 'service_account'],
  [
    'an OAuth client',
    () => ({ installed: { client_id: 'x', client_secret: MARKER } }),
    'OAuth client',
  ],
  ['without e-mail', without('client_email'), 'client_email: it is required'],
  ['without key', without('private_key'), 'private_key: it is required'],
  ['an empty key', having({ private_key: '' }), 'private_key'],
  ['a key that is no text', having({ private_key: { a: MARKER } }), 'private_key'],
  ['an odd e-mail', having({ client_email: 'robot' }), 'client_email'],
  ['an e-mail with a path', having({ client_email: 'a@b.c/../d' }), 'client_email'],
  ['an e-mail with a line end', having({ client_email: 'a@b.c\nX-Y: z' }), 'client_email'],
  [
    'an e-mail of 300 characters',
    having({ client_email: `${'a'.repeat(290)}@b.cc` }),
    'client_email',
  ],
  ['line ends lost', (file) => ({ ...file, private_key: pem(file).replaceAll('\n', '') }), 'PEM'],
  [
    'line ends escaped twice',
    (file) => ({ ...file, private_key: pem(file).replaceAll('\n', '\\n') }),
    'PEM',
  ],
  [
    'a line of the key missing',
    (file) => ({ ...file, private_key: pem(file).split('\n').toSpliced(3, 1).join('\n') }),
    'PEM',
  ],
  [
    'the end of the key missing',
    (file) => ({ ...file, private_key: pem(file).slice(0, -40) }),
    'PEM',
  ],
  [
    'a marker in the key',
    (file) => ({ ...file, private_key: pem(file).replace('\n', `\n${MARKER}`) }),
    'PEM',
  ],
  ['the public key', (file) => ({ ...file, private_key: publicPart(file) }), 'PEM'],
  [
    'an EC key',
    () =>
      having({ private_key: otherKey('ec') })(
        { type: 'service_account', client_email: 'a@b.cc' },
        {} as never,
      ),
    'RSA',
  ],
  ['an Ed25519 key', (file) => ({ ...file, private_key: otherKey('ed25519') }), 'RSA'],
  [
    'a host that only looks right',
    having({ token_uri: 'https://oauth2.googleapis.com.evil.example/token' }),
    'token_uri',
  ],
  [
    'a host with a user',
    having({ token_uri: 'https://x@oauth2.googleapis.com/token' }),
    'token_uri',
  ],
  [
    'another host behind a user',
    having({ token_uri: 'https://oauth2.googleapis.com@evil.example/token' }),
    'token_uri',
  ],
  ['in clear', having({ token_uri: 'http://oauth2.googleapis.com/token' }), 'token_uri'],
  ['a token URL that is none', having({ token_uri: 'token' }), 'token_uri'],
  [
    'a token URL with a marker',
    having({ token_uri: `https://evil.example/${MARKER}` }),
    'token_uri',
  ],
  ['a file’s URL', having({ token_uri: 'file:///etc/passwd' }), 'token_uri'],
  ['another universe', having({ universe_domain: 'apis-tpczero.example' }), 'universe_domain'],
  ['a universe that is no text', having({ universe_domain: 7 }), 'universe_domain'],
  ['1 MB', (file) => ({ ...file, padding: 'x'.repeat(1_000_000) }), 'service_account_json'],
];

describe('a key file', () => {
  test.for(KEY_FILES)('%s', async ([, make, says]) => {
    const bed = await setup();
    const made = make(fieldsOfJson(bed.world.keyFile()), bed.world);
    const plain = typeof made === 'string' || Buffer.isBuffer(made);
    await bed.write('key.json', plain ? made : JSON.stringify(made));
    const flag = '--service-account-json=@key.json';
    await bed.refused([...REGISTER, 'service-account', flag], says);
    // In place of a good one it is refused as well, and the good one stays.
    await bed.refused(['connector', 'update', 'kept', flag], says);
    expect(bed.world.google.log.filter(({ status }) => status !== 200)).toEqual([]);
  });

  test('that names another host for tokens: that one is never asked', async () => {
    const bed = await setup();
    const planted = await trap();
    const file = { ...fieldsOfJson(bed.world.keyFile()), token_uri: `${planted.url}/token` };
    await bed.write('key.json', JSON.stringify(file));
    const flag = '--service-account-json=@key.json';
    await bed.refused([...REGISTER, 'service-account', flag], 'token_uri');
    await bed.refused(['connector', 'update', 'kept', flag], 'token_uri');
    const become = [...REGISTER, 'impersonation', flag, '--target_principal=a@b.cc'];
    await bed.refused(become, 'token_uri');
    expect(planted.visitors()).toBe(0);
  });

  test('that others may read', async () => {
    const bed = await setup();
    await writeFile(join(bed.home, 'key.json'), bed.world.keyFile(), { mode: 0o644 });
    const flag = '--service-account-json=@key.json';
    await bed.refused([...REGISTER, 'service-account', flag], 'key.json', 9);
  });

  test.each([
    ['missing.json', 'cannot be read', 2],
    ['.', 'it is no file', 9],
    ['/dev/null', 'it is no file', 9],
  ] as const)('@%s', async (path, says, code) => {
    const bed = await setup();
    const flag = `--service-account-json=@${path}`;
    const stderr = await bed.refused([...REGISTER, 'service-account', flag], says, code);
    expect(stderr).not.toContain('chmod');
  });
});

const USER_FILES: readonly Spoilt[] = [
  ['a service account’s key', (_file, world) => world.keyFile(), 'service-account'],
  ['without refresh token', without('refresh_token'), 'refresh_token: it is required'],
  ['without client', without('client_id'), 'client_id: it is required'],
  ['without its secret', without('client_secret'), 'client_secret: it is required'],
  ['an empty refresh token', having({ refresh_token: '' }), 'refresh_token'],
  ['a refresh token that is no text', having({ refresh_token: [MARKER] }), 'refresh_token'],
  ['another universe', having({ universe_domain: 'example.com' }), 'universe_domain'],
  ['another token host', having({ token_uri: 'https://evil.example/token' }), 'token_uri'],
];

describe('a person’s login', () => {
  test.for(USER_FILES)('%s', async ([, make, says]) => {
    const bed = await setup();
    const made = make(fieldsOfJson(bed.world.userFile), bed.world);
    await bed.write('login.json', typeof made === 'string' ? made : JSON.stringify(made));
    const words = ['--user_account_json=@login.json', '--project_id=data-prod'];
    await bed.refused([...REGISTER, 'user-account', ...words], says);
  });
});

describe('attributes', () => {
  const KEY = ['service-account', '--service-account-json=@key.json'];
  const CASES: readonly (readonly [
    name: string,
    words: readonly string[],
    says: string,
    exit?: number,
  ])[] = [
    ['no secret at all', ['service-account'], 'service_account_json'],
    ['a method of another cloud', ['iam-role'], '--auth-method'],
    ['a field of another method', [...KEY, '--target_principal=a@b.cc'], 'target_principal'],
    ['a field of another cloud', [...KEY, '--region=eu-west-1'], 'region'],
    ['a project’s number', [...KEY, '--project_id=123456789'], 'project_id'],
    ['a project’s name', [...KEY, '--project_id=Data Prod'], 'project_id'],
    ['a project id with a slash', [...KEY, '--project_id=a/../b'], 'project_id'],
    ['a project number that is none', [...KEY, '--project_number=12a'], 'project_number'],
    ['an e-mail that is none', [...KEY, '--account_email=robot'], 'account_email'],
    ['no scope', [...KEY, '--scopes='], 'scopes'],
    ['scopes with blanks', [...KEY, '--scopes=["a b"]'], 'scopes'],
    ['scopes with a quote', [...KEY, '--scopes=["a\\"b"]'], 'scopes'],
    ['scopes with a line end', [...KEY, '--scopes=["a\\nb"]'], 'scopes'],
    ['scopes with an umlaut', [...KEY, '--scopes=ä'], 'scopes'],
    ['scopes that are no list', [...KEY, '--scopes=[1'], 'scopes'],
    ['scopes that are no texts', [...KEY, '--scopes=[1]'], 'scopes'],
    [
      'a scope of 600 characters',
      [...KEY, `--scopes=https://x.example/${'a'.repeat(600)}`],
      'scopes',
    ],
    [
      'a token endpoint in clear',
      [...KEY, '--token_endpoint=http://tokens.example/'],
      'token_endpoint',
    ],
    [
      'a token endpoint with a password',
      [...KEY, `--token_endpoint=https://a:${MARKER}@t.example/`],
      'token_endpoint',
    ],
    ['a token endpoint that is no URL', [...KEY, '--token_endpoint=tokens'], 'token_endpoint'],
    ['an STS endpoint by FTP', [...KEY, '--sts_endpoint=ftp://sts.example'], 'sts_endpoint'],
    ['a universe that is none', [...KEY, '--universe_domain=nope'], 'universe_domain'],
    ['a universe with a path', [...KEY, '--universe_domain=a.example/b'], 'universe_domain'],
    ['a person, and signing here', [...KEY, '--subject=a@b.cc', '--self_signed=true'], 'subject'],
    ['a switch that is none', [...KEY, '--self_signed=maybe'], 'self_signed'],
    ['a lifetime nobody chooses', [...KEY, '--expiration-seconds', '3600'], 'expiration_seconds'],
    [
      'a stored token with a blank',
      [
        'oauth2-token',
        `--token=${MARKER} x`,
        '--project_id=data-prod',
        '--expires-at',
        '2027-01-01',
      ],
      'token',
    ],
    [
      'a stored token without an expiry',
      ['oauth2-token', '--token=ya29x', '--project_id=data-prod'],
      'expires',
    ],
    [
      'a stored token that has expired',
      [
        'oauth2-token',
        '--token=ya29x',
        '--project_id=data-prod',
        '--expires-at',
        '2020-01-01 00:00:00',
      ],
      'expire',
    ],
    [
      'a stored token until a day that is none',
      ['oauth2-token', '--token=ya29x', '--project_id=data-prod', '--expires-at', '2027-02-30'],
      'expires',
    ],
    [
      'a stored token of no project',
      ['oauth2-token', '--token=ya29x', '--expires-at', '2027-01-01'],
      'project_id',
    ],
    ['nobody to become', ['impersonation', '--service-account-json=@key.json'], 'target_principal'],
    ['nobody who becomes', ['impersonation', '--target_principal=a@b.cc'], 'source'],
    [
      'two who become',
      [
        'impersonation',
        '--service-account-json=@key.json',
        '--token=ya29x',
        '--target_principal=a@b.cc',
      ],
      'token',
    ],
    [
      'an e-mail with a path to become',
      ['impersonation', '--service-account-json=@key.json', '--target_principal=a@b.cc/../x@y.zz'],
      'target_principal',
    ],
    [
      'too short',
      [
        'impersonation',
        '--service-account-json=@key.json',
        '--target_principal=a@b.cc',
        '--expiration-seconds',
        '599',
      ],
      'expiration_seconds',
    ],
    [
      'too short to be renewed',
      [
        'impersonation',
        '--service-account-json=@key.json',
        '--target_principal=a@b.cc',
        '--expiration-seconds',
        '900',
      ],
      '900',
    ],
    [
      'too long',
      [
        'impersonation',
        '--service-account-json=@key.json',
        '--target_principal=a@b.cc',
        '--expiration-seconds',
        '43201',
      ],
      'expiration_seconds',
    ],
  ];

  test.for(CASES)('%s', async ([, words, says, exit]) => {
    const bed = await setup();
    await bed.write('key.json', bed.world.keyFile());
    await bed.refused([...REGISTER, ...words, '--no-verify'], says, exit);
    expect(bed.world.google.calls.all()).not.toHaveProperty('storage:buckets.list');
  });
});

const BUCKETS: readonly string[] = [
  'gs://Zenfiles',
  'gs://ab',
  'gs://a..b',
  'gs://.ab',
  'gs://abc.',
  'gs://-abc',
  'gs://abc-',
  'gs://192.168.0.1',
  'gs://googbucket',
  `gs://${'a'.repeat(64)}`,
  'gs://zen"files',
  "gs://zen') || true || ('",
  'gs://zen files',
  'gs://zen\nfiles',
  'gs://',
  'gs:///zenfiles',
  's3://zenfiles',
  'http://zenfiles',
  '//storage.googleapis.com/projects/data-prod/buckets/zenfiles',
  '//storage.googleapis.com/projects/_/buckets/',
  'gs://*',
  `gs://zenfiles/${'x'.repeat(1_100)}/`,
  'gs://zenfiles/a\u0000b/',
  'gs://zenfiles/\uD800/',
];

describe('ids of buckets', () => {
  test.for(BUCKETS)('%j', async (id) => {
    const bed = await setup();
    await bed.write('key.json', bed.world.keyFile());
    const key = ['service-account', '--service-account-json=@key.json'];
    const which = ['--resource-type', 'gcs-bucket', `--resource-id=${id}`];
    await bed.refused([...REGISTER, ...key, ...which], 'resource_id');
    await bed.refused(['connector', 'describe', 'kept', ...which], 'resource_id');
    await bed.refused(['connector', 'verify', 'kept', ...which], 'resource_id');
    const grants = [{ connector: 'kept', resource_id: id }];
    await expect(bed.api.workloadProfiles({ grants })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    expect(bed.world.google.calls.all()).not.toHaveProperty('sts:downscope');
  });

  test('a prefix that looks like CEL, a path or a wildcard is only a name', async () => {
    const bed = await setup();
    bed.world.google.buckets.add({
      name: 'odd-names',
      project: bed.world.project,
      objects: { "a'b/1": 'one', 'c/2': 'two', '../d/3': 'three' },
    });
    for (const prefix of [
      "a'b",
      `a"b`,
      'a\\b',
      '..',
      '../d',
      '${x}',
      "') || true || ('",
      'ä ö',
      '%2e%2e',
    ]) {
      const { scope } = await bed.api.describeClient({
        name: 'kept',
        resource_id: `gs://odd-names/${prefix}/`,
        access: 'read',
      });
      // Google’s own grammar has judged it: the stand-in reads the condition as CEL.
      expect(JSON.stringify(scope)).toContain('startsWith');
    }
    const issued = bed.world.google.tokens
      .issued()
      .filter(({ boundary }) => boundary !== undefined);
    expect(issued).toHaveLength(9);
  });
});

describe('grants', () => {
  const AUTH = 'https://www.googleapis.com/auth';
  const GRANTS: readonly (readonly [name: string, grants: readonly object[], subject: string])[] = [
    ['no such connector', [{ connector: 'nobody' }], 'nobody'],
    [
      'a bucket and the project',
      [{ resource_id: 'gs://zenfiles' }, { scopes: [`${AUTH}/compute`] }],
      'grants',
    ],
    [
      'eleven buckets',
      Array.from({ length: 11 }, (_, i) => ({ resource_id: `gs://bucket-${i}` })),
      'grants',
    ],
    ['a scope with a blank', [{ scopes: ['a b'] }], 'scopes'],
    ['a scope with a comma', [{ scopes: ['a,b'] }], 'scopes'],
    ['a scope with a quote', [{ scopes: ['a"b'] }], 'scopes'],
    ['a scope that is a word', [{ scopes: ['devstorage.read_only'] }], 'scopes'],
    ['a scope of 300 characters', [{ scopes: [`${AUTH}/${'a'.repeat(300)}`] }], 'scopes'],
    [
      'a scope the connector has not',
      [{ connector: 'limited', scopes: [`${AUTH}/compute`] }],
      'scope',
    ],
    [
      'a bucket and scopes',
      [{ resource_id: 'gs://zenfiles', scopes: [`${AUTH}/compute`] }],
      'scopes',
    ],
    ['an access that is none', [{ resource_type: 'gcp-generic', access: 'read' }], 'access'],
    ['a type that is none', [{ resource_type: 's3-bucket' }], 'resource_type'],
    ['a lifetime nobody chooses', [{ seconds: 3_600 }], 'expiration_seconds'],
    ['too short', [{ connector: 'chosen', seconds: 60 }], 'expiration_seconds'],
    ['too short to be renewed', [{ connector: 'chosen', seconds: 900 }], 'chosen'],
    ['too long', [{ connector: 'chosen', seconds: 100_000 }], 'expiration_seconds'],
    [
      'another project',
      [{ resource_type: 'gcp-generic', resource_id: 'another-project' }],
      'resource_id',
    ],
  ];

  async function withTwoMore(): Promise<Setup> {
    const bed = await setup();
    const { keyAttributes } = bed.world;
    const common = { type: 'gcp', verify: false } as const;
    await bed.api.register({
      ...common,
      name: 'limited',
      auth_method: 'service-account',
      attributes: { ...keyAttributes, scopes: `${AUTH}/devstorage.read_only` },
    });
    await bed.api.register({
      ...common,
      name: 'chosen',
      auth_method: 'impersonation',
      attributes: { ...keyAttributes, target_principal: bed.world.robot.email },
    });
    return bed;
  }

  test.for(GRANTS)('%s', async ([, lines, subject]) => {
    const bed = await withTwoMore();
    const asked = bed.world.google.log.length;
    const grants = lines.map((line) => ({ connector: 'kept', ...line }));
    const error: unknown = await bed.api.workloadProfiles({ grants }).then(
      () => 'not refused',
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Error);
    expect(JSON.stringify(error) + String(error)).toContain(subject);
    expect(bed.world.google.log.length).toBe(asked);
  });

  test('ten buckets are one token; the project beside a bucket has a profile of its own', async () => {
    const bed = await withTwoMore();
    const ten = Array.from({ length: 10 }, (_, i) => ({
      connector: 'kept',
      resource_id: `gs://bucket-${i}`,
    }));
    expect((await bed.api.workloadProfiles({ grants: ten })).profiles).toHaveLength(1);
  });

  test('in config.yaml: scopes and audiences of odd characters', () => {
    const parse = (grant: object) =>
      ConfigSchema.safeParse({ workloads: { dev: { grants: [{ connector: 'kept', ...grant }] } } });
    for (const scopes of [[], ['a b'], ['a\nb'], ['ä'], [''], 'openid', ['x'.repeat(300)]]) {
      expect(parse({ scopes }).error?.issues[0]?.path).toContain('scopes');
    }
    for (const audiences of [[], [''], 'any', ['x'.repeat(3_000)], [7]]) {
      expect(parse({ audiences }).error?.issues[0]?.path).toContain('audiences');
    }
    expect(parse({ scopes: ['openid'], audiences: ['https://a.example/ä?x=1'] }).success).toBe(
      true,
    );
  });
});
