import { createServer, type ServerResponse } from 'node:http';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import implicit from '../../../src/connectors/gcp/auth-methods/implicit.ts';
import { CLOUD_PLATFORM, DEFAULT_SCOPES } from '../../../src/connectors/gcp/scopes.ts';
import { ofKind } from '../../../src/core/credential.ts';
import { OWN_ANSWER_HEADER } from '../../../src/core/own-answer.ts';
import { ENDPOINTS } from '../../../src/endpoints/index.ts';
import { endpointWorld } from '../../support/endpoint-world.ts';
import { GOOGLE_ACCOUNTS } from '../../support/google-accounts.ts';
import { PROJECT } from '../../support/google.ts';
import { served } from '../../support/served.ts';
import { allOf, claimsOf, cloudOf, connectorOf, failureOf, never, saveNothing } from './bed.ts';
import { impersonationUrl } from './external-account-bed.ts';
import { asked, federationBed, type FederationBed } from './federation-bed.ts';

const STORAGE = 'https://www.googleapis.com/auth/devstorage.read_only';
const AUDIENCE = 'https://a.example';

interface More {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly allow?: readonly string[];
  readonly config?: object;
  readonly limit?: readonly string[];
  readonly scopes?: readonly string[];
  readonly signal?: AbortSignal;
}

/** The daemon with these variables, no home of its own and no metadata server unless they say so. */
function input(bed: FederationBed, more: More) {
  const machine = {
    ...bed.machine,
    env: { ...bed.machine.env, HOME: bed.files.home, NO_GCE_CHECK: 'true', ...more.env },
    implicit: { allow: more.allow ?? [] },
  };
  const config = implicit.config.parse({ project_id: PROJECT, ...more.config });
  return {
    connector: connectorOf({ config }),
    config,
    seconds: 0,
    cloud: cloudOf(machine),
    machine,
    signal: more.signal ?? never(),
    saveLogin: saveNothing,
  };
}

const issue = async (bed: FederationBed, more: More = {}) =>
  ofKind(
    await implicit.issue({
      ...input(bed, more),
      scope: more.limit && { scopes: more.limit },
      scopes: more.scopes,
    }),
    'access-token',
  );

const identity = async (bed: FederationBed, more: More) =>
  await implicit.issueIdToken?.({ ...input(bed, more), audience: AUDIENCE });

const named = (bed: FederationBed, text: string) => ({
  GOOGLE_APPLICATION_CREDENTIALS: bed.files.write('named.json', text),
});

/** Every kind of file, and whom it yields. */
const FILES: readonly [string, (bed: FederationBed) => string, (bed: FederationBed) => string][] = [
  ['a key file', ({ keyFile }) => keyFile(), ({ robot }) => robot.email],
  ['a person’s login', ({ userFile }) => userFile, ({ person }) => person.email],
  ['a federation', ({ impersonating }) => impersonating(), ({ robot }) => robot.email],
  ['an impersonating login', impersonated, () => 'target@other-project.iam.gserviceaccount.com'],
];

function impersonated({ google, person, userFile }: FederationBed): string {
  const { accounts } = google;
  const target = accounts.addServiceAccount({ name: 'target', project: 'other-project' });
  const between = accounts.addServiceAccount({ name: 'between', project: PROJECT });
  accounts.grant({ member: `user:${person.email}`, role: 'tokenCreator', on: between.email });
  const member = `serviceAccount:${between.email}`;
  accounts.grant({ member, role: 'tokenCreator', on: target.email });
  return JSON.stringify({
    type: 'impersonated_service_account',
    service_account_impersonation_url: impersonationUrl(target.email),
    delegates: [`projects/-/serviceAccounts/${between.email}`],
    source_credentials: JSON.parse(userFile) as unknown,
  });
}

describe.each(FILES)('%s', (_, text, yields) => {
  it('that the daemon’s variable names is its identity, when it is on the list', async () => {
    const bed = await federationBed();
    const env = named(bed, text(bed));
    const email = yields(bed);
    const issued = await issue(bed, { env, allow: ['other@example.com', email.toUpperCase()] });
    expect(issued).toMatchObject({ principal: email, account: PROJECT });
    expect(issued.scopes).toEqual(expect.arrayContaining([...DEFAULT_SCOPES]));
    expect(issued.expiresAt).toBeGreaterThan(bed.clock.now());
    const holder = bed.google.tokens.live(issued.token, bed.clock.now());
    expect(holder?.principal).toMatchObject({ email });
  });

  it('is refused when another is on the list', async () => {
    const bed = await federationBed();
    const env = named(bed, text(bed));
    const error = await failureOf(issue(bed, { env, allow: ['other@example.com'] }));
    expect(error.code).toBe('IMPLICIT_FORBIDDEN');
    const refused = await failureOf(identity(bed, { env, allow: ['other@example.com'] }));
    expect(refused.code).toBe('IMPLICIT_FORBIDDEN');
  });

  it('is not even read when nothing is on the list', async () => {
    const bed = await federationBed();
    const error = await failureOf(issue(bed, { env: named(bed, text(bed)) }));
    expect(error.code).toBe('IMPLICIT_FORBIDDEN');
    expect(asked(bed)).toEqual([]);
  });

  it('is narrowed to the scopes of its grant', async () => {
    const bed = await federationBed();
    const more = { env: named(bed, text(bed)), allow: [yields(bed)] };
    const limit = [CLOUD_PLATFORM];
    expect((await issue(bed, { ...more, limit })).scopes).toEqual(limit);
  });
});

describe('whose identity a file is', () => {
  it('is proven by Google, not by what the file says', async () => {
    const bed = await federationBed();
    const file = { ...(JSON.parse(bed.userFile) as object), account: 'boss@example.com' };
    const env = named(bed, JSON.stringify(file));
    const error = await failureOf(issue(bed, { env, allow: ['boss@example.com'] }));
    expect(error).toMatchObject({ code: 'IMPLICIT_FORBIDDEN' });
    expect(error.reason).toContain(bed.person.email);
  });

  it('must be proven: a login without openid tells nobody', async () => {
    const bed = await federationBed();
    const shy = bed.google.accounts.addUser({
      email: 'shy@example.com',
      consentedScopes: [CLOUD_PLATFORM],
    });
    const env = named(bed, JSON.stringify(shy.authorizedUser()));
    const error = await failureOf(issue(bed, { env, allow: ['shy@example.com', ''] }));
    expect(error).toMatchObject({ code: 'IMPLICIT_FORBIDDEN' });
    expect(error.reason).toContain('nothing proves');
  });

  it('has no e-mail for a federation without a service account', async () => {
    const bed = await federationBed();
    const env = named(bed, bed.json());
    const error = await failureOf(issue(bed, { env, allow: [bed.pool.member('job')] }));
    expect(error).toMatchObject({ code: 'IMPLICIT_FORBIDDEN' });
    expect(asked(bed)).toEqual([]);
  });

  it('is the one that the connector was registered for', async () => {
    const bed = await federationBed();
    const more = { env: named(bed, bed.userFile), allow: [bed.person.email] };
    const own = { account_email: bed.person.email };
    expect((await issue(bed, { ...more, config: own })).principal).toBe(bed.person.email);
    const other = { account_email: 'other@example.com' };
    const error = await failureOf(issue(bed, { ...more, config: other }));
    expect(error.code).toBe('IMPLICIT_FORBIDDEN');
  });

  it('can prove itself to others when it is a service account', async () => {
    const bed = await federationBed();
    const robot = { env: named(bed, bed.keyFile()), allow: [bed.robot.email] };
    expect(claimsOf((await identity(bed, robot))?.token ?? '')).toMatchObject({ aud: AUDIENCE });
    const person = { env: named(bed, bed.userFile), allow: [bed.person.email] };
    const error = await failureOf(identity(bed, person));
    expect(error.code).toBe('ID_TOKEN_UNSUPPORTED');
  });
});

describe('narrowing', () => {
  it('gives a client what it chose within its grant', async () => {
    const bed = await federationBed();
    const more = { env: named(bed, bed.keyFile()), allow: [bed.robot.email] };
    const issued = await issue(bed, { ...more, limit: [CLOUD_PLATFORM], scopes: [STORAGE] });
    expect(issued.scopes).toEqual([STORAGE]);
  });

  it('is refused where a person consented to more and to nothing narrower', async () => {
    const bed = await federationBed();
    const more = { env: named(bed, bed.userFile), allow: [bed.person.email] };
    const error = await failureOf(issue(bed, { ...more, limit: [STORAGE] }));
    expect(error.code).toBe('SCOPE_UNSUPPORTED');
    expect(error.hint).toContain('source=implicit');
  });
});

describe('a connector that is limited to scopes', () => {
  const config = { scopes: [STORAGE] };

  it('has a key’s token of just these', async () => {
    const bed = await federationBed();
    const more = { env: named(bed, bed.keyFile()), allow: [bed.robot.email], config };
    expect((await issue(bed, more)).scopes).toEqual([STORAGE]);
  });

  it('hands out no token of a person that can do more, whether or not the grant is limited', async () => {
    const bed = await federationBed();
    const more = { env: named(bed, bed.userFile), allow: [bed.person.email], config };
    const error = await failureOf(issue(bed, more));
    expect(error).toMatchObject({ code: 'SCOPE_UNSUPPORTED' });
    const chosen = await failureOf(issue(bed, { ...more, scopes: [STORAGE] }));
    expect(chosen).toMatchObject({ code: 'SCOPE_UNSUPPORTED' });
    const consented = { scopes: [...DEFAULT_SCOPES] };
    expect((await issue(bed, { ...more, config: consented })).scopes).toEqual([...DEFAULT_SCOPES]);
  });

  it('hands out no token of a virtual machine that can do more', async () => {
    const bed = await federationBed();
    const { env } = await virtualMachine();
    const error = await failureOf(issue(bed, { env, allow: [ROBOT], config }));
    expect(error).toMatchObject({ code: 'SCOPE_UNSUPPORTED' });
    expect(allOf(error)).not.toContain('ya29.vm');
    const wide = { scopes: [CLOUD_PLATFORM] };
    expect((await issue(bed, { env, allow: [ROBOT], config: wide })).token).toBe('ya29.vm');
  });
});

describe('where the daemon looks', () => {
  it('gcloud’s own file comes after the variable, in its folder of choice before the usual', async () => {
    const bed = await federationBed();
    const allow = [bed.person.email, bed.robot.email];
    const usual = join(bed.files.home, '.config/gcloud');
    const own = join(bed.files.home, 'own');
    for (const folder of [usual, own]) mkdirSync(folder, { recursive: true });
    const name = 'application_default_credentials.json';
    bed.files.write(join('.config/gcloud', name), bed.userFile);
    expect((await issue(bed, { allow })).principal).toBe(bed.person.email);
    bed.files.write(join('own', name), bed.keyFile());
    const env = { CLOUDSDK_CONFIG: own };
    expect((await issue(bed, { allow, env })).principal).toBe(bed.robot.email);
    const both = { ...env, ...named(bed, bed.userFile) };
    expect((await issue(bed, { allow, env: both })).principal).toBe(bed.person.email);
    const empty = { ...env, GOOGLE_APPLICATION_CREDENTIALS: '' };
    expect((await issue(bed, { allow, env: empty })).principal).toBe(bed.robot.email);
  });

  it('a file that is named must be there', async () => {
    const bed = await federationBed();
    const env = { GOOGLE_APPLICATION_CREDENTIALS: join(bed.files.home, 'none.json') };
    const error = await failureOf(issue(bed, { env, allow: [bed.person.email] }));
    expect(error).toMatchObject({
      code: 'CONFIG_UNREADABLE',
      subject: 'GOOGLE_APPLICATION_CREDENTIALS',
    });
  });

  it('nothing anywhere is said as such', async () => {
    const bed = await federationBed();
    const error = await failureOf(issue(bed, { allow: [bed.person.email] }));
    expect(error.code).toBe('SECRET_MISSING');
  });

  it.each<[string, (bed: FederationBed) => object | string]>([
    ['truncated', () => '{"type":"service_account","private_key":"planted'],
    ['of another type', () => ({ type: 'gdch_service_account', private_key: 'planted' })],
    ['of a person’s workforce login', () => ({ type: 'external_account_authorized_user' })],
    ['without a type', () => ({ private_key: 'planted' })],
    [
      'impersonating twice',
      (bed) => {
        const inner = JSON.parse(impersonated(bed)) as object;
        return { ...inner, source_credentials: inner };
      },
    ],
    [
      'impersonating from a stranger',
      (bed) => ({
        ...(JSON.parse(impersonated(bed)) as object),
        service_account_impersonation_url: impersonationUrl('a@b.example', 'https://evil.example'),
      }),
    ],
    [
      'impersonating through nobody',
      (bed) => ({ ...(JSON.parse(impersonated(bed)) as object), delegates: ['planted'] }),
    ],
    [
      'with a source of no use',
      (bed) => ({ ...(JSON.parse(impersonated(bed)) as object), source_credentials: {} }),
    ],
  ])('a file that is %s', async (_, make) => {
    const bed = await federationBed();
    const made = make(bed);
    const env = named(bed, typeof made === 'string' ? made : JSON.stringify(made));
    const error = await failureOf(issue(bed, { env, allow: [bed.person.email] }));
    expect(error.code).toBe('INPUT_INVALID');
    expect(error.subject).toContain('named.json');
    expect(allOf(error)).not.toContain('planted');
    expect(asked(bed)).toEqual([]);
  });

  it('a program runs only when the daemon’s own variable allows it', async () => {
    const bed = await federationBed();
    const answer = {
      version: 1,
      success: true,
      token_type: 'urn:ietf:params:oauth:token-type:jwt',
      id_token: bed.token,
    };
    const script = `console.log(JSON.stringify(${JSON.stringify(answer)}))`;
    const program = bed.files.write('program.mjs', script);
    const executable = { command: `'${process.execPath}' '${program}'` };
    const text = bed.impersonating(undefined, { credential_source: { executable } });
    const more = { allow: [bed.robot.email] };
    const error = await failureOf(issue(bed, { ...more, env: named(bed, text) }));
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      subject: 'GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES',
    });
    const env = { ...named(bed, text), GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: '1' };
    expect((await issue(bed, { ...more, env })).principal).toBe(bed.robot.email);
  });
});

const ROBOT = 'vm@data-prod.iam.gserviceaccount.com';
const ACCOUNT = '/computeMetadata/v1/instance/service-accounts/default';

/** A metadata server as on a virtual machine; `answer` replaces some of it. */
async function virtualMachine(
  answer: (path: string, response: ServerResponse) => boolean = () => false,
) {
  const lines: string[] = [];
  const jwt = [
    '{}',
    JSON.stringify({ aud: AUDIENCE, exp: 1_900_000_000, email: ROBOT }),
    'signature',
  ]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
  const answers: Readonly<Record<string, string>> = {
    '/': 'computeMetadata/\n',
    [`${ACCOUNT}/email`]: ROBOT,
    [`${ACCOUNT}/scopes`]: `${CLOUD_PLATFORM}\n`,
    [`${ACCOUNT}/token`]: JSON.stringify({
      access_token: 'ya29.vm',
      expires_in: 3000,
      token_type: 'Bearer',
    }),
    [`${ACCOUNT}/identity`]: jwt,
  };
  const server = createServer((request, response) => {
    lines.push(request.url ?? '');
    const { pathname } = new URL(request.url ?? '', 'http://x');
    if (answer(pathname, response)) return;
    const body = answers[pathname];
    const flavored = request.headers['metadata-flavor'] === 'Google';
    response.setHeader('Metadata-Flavor', 'Google');
    response.writeHead(flavored ? (body === undefined ? 404 : 200) : 403).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const host = `127.0.0.1:${port}`;
  return { lines, jwt, env: { NO_GCE_CHECK: undefined, GCE_METADATA_HOST: host } };
}

const plain =
  (path: string, status: number, body = '', headers: Record<string, string> = {}) =>
  (asking: string, response: ServerResponse): boolean => {
    if (asking !== path) return false;
    response.writeHead(status, { 'Metadata-Flavor': 'Google', ...headers }).end(body);
    return true;
  };

describe('the machine’s metadata server', () => {
  it('tells the account, its token and the token’s end', async () => {
    const bed = await federationBed();
    const { env, lines } = await virtualMachine();
    expect(await issue(bed, { env, allow: [ROBOT] })).toMatchObject({
      principal: ROBOT,
      token: 'ya29.vm',
      expiresAt: bed.clock.now() + 3_000_000,
      scopes: [CLOUD_PLATFORM],
    });
    expect(lines).toEqual(['/', `${ACCOUNT}/email`, `${ACCOUNT}/token`, `${ACCOUNT}/scopes`]);
  });

  it('is asked for the scopes that a client chose, and for identity tokens', async () => {
    const bed = await federationBed();
    const { env, lines, jwt } = await virtualMachine();
    await issue(bed, { env, allow: [ROBOT], scopes: [STORAGE, 'openid'] });
    const { searchParams } = new URL(
      lines.find((line) => line.includes('/token')) ?? '',
      'http://x',
    );
    expect(searchParams.get('scopes')).toBe(`${STORAGE},openid`);
    const issued = await identity(bed, { env, allow: [ROBOT] });
    expect(issued).toMatchObject({ token: jwt, expiresAt: 1_900_000_000_000, principal: ROBOT });
    const last = new URL(lines.at(-1) ?? '', 'http://x').searchParams;
    expect([last.get('audience'), last.get('format')]).toEqual([AUDIENCE, 'full']);
  });

  it('gives no token when the account is not on the list', async () => {
    const bed = await federationBed();
    const { env, lines } = await virtualMachine();
    const error = await failureOf(issue(bed, { env, allow: [bed.robot.email] }));
    expect(error.code).toBe('IMPLICIT_FORBIDDEN');
    expect(lines).toEqual(['/', `${ACCOUNT}/email`]);
  });

  it('gives all its scopes whatever is asked, which is no narrowing', async () => {
    const bed = await federationBed();
    const { env } = await virtualMachine();
    const error = await failureOf(issue(bed, { env, allow: [ROBOT], limit: [STORAGE] }));
    expect(error.code).toBe('SCOPE_UNSUPPORTED');
    const narrow = await virtualMachine(plain(`${ACCOUNT}/scopes`, 200, `${STORAGE}\n`));
    const within = { env: narrow.env, allow: [ROBOT], limit: [STORAGE] };
    expect((await issue(bed, within)).token).toBe('ya29.vm');
  });

  it('that is a valetkey daemon is recognised, and not asked for more', async () => {
    const bed = await federationBed();
    const world = endpointWorld();
    const { host } = await served(world, [ENDPOINTS['gce-metadata']]);
    const env = { NO_GCE_CHECK: undefined, GCE_METADATA_HOST: host };
    const error = await failureOf(issue(bed, { env, allow: [GOOGLE_ACCOUNTS[0]?.email ?? ''] }));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', subject: 'the metadata server' });
    expect(error.reason).toContain('valetkey');
    expect(world.choices).toEqual([]);
  });

  it('that is a valetkey daemon is recognised by every answer of it', async () => {
    const bed = await federationBed();
    const { env, lines } = await virtualMachine(plain('/', 403, '', { [OWN_ANSWER_HEADER]: '1' }));
    const error = await failureOf(issue(bed, { env, allow: [ROBOT] }));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(lines).toEqual(['/']);
  });

  it.each<[string, Parameters<typeof virtualMachine>[0], string]>([
    [
      'is none of Google’s',
      plain('/', 200, 'Sign in', { 'Metadata-Flavor': '' }),
      'UPSTREAM_MALFORMED',
    ],
    ['has no account', plain(`${ACCOUNT}/email`, 404), 'UPSTREAM_DENIED'],
    [
      'has an account without an address',
      plain(`${ACCOUNT}/email`, 200, 'data-prod.svc.id.goog'),
      'IMPLICIT_FORBIDDEN',
    ],
    ['is in trouble', plain(`${ACCOUNT}/token`, 503, 'planted'), 'UPSTREAM_UNAVAILABLE'],
    ['throttles', plain(`${ACCOUNT}/token`, 429), 'UPSTREAM_THROTTLED'],
    ['refuses', plain(`${ACCOUNT}/token`, 403), 'UPSTREAM_DENIED'],
    ['answers nonsense', plain(`${ACCOUNT}/token`, 200, '{"planted'), 'UPSTREAM_MALFORMED'],
    [
      'has a token without an end',
      plain(`${ACCOUNT}/token`, 200, '{"access_token":"planted"}'),
      'UPSTREAM_MALFORMED',
    ],
    [
      'has a token that is over',
      plain(`${ACCOUNT}/token`, 200, '{"access_token":"planted","expires_in":0}'),
      'UPSTREAM_MALFORMED',
    ],
    [
      'hands out a token without end',
      plain(`${ACCOUNT}/token`, 200, '{"access_token":"planted","expires_in":1e20}'),
      'UPSTREAM_MALFORMED',
    ],
  ])('that %s', async (_, answer, code) => {
    const bed = await federationBed();
    const { env } = await virtualMachine(answer);
    const error = await failureOf(issue(bed, { env, allow: [ROBOT, 'data-prod.svc.id.goog'] }));
    expect(error.code).toBe(code);
    expect(error.message).not.toContain('planted');
  });

  it('that gives an identity token for another audience is not believed', async () => {
    const bed = await federationBed();
    const { env, jwt } = await virtualMachine();
    const other = input(bed, { env, allow: [ROBOT] });
    const work = implicit.issueIdToken?.({ ...other, audience: 'https://other.example' });
    const error = await failureOf(work ?? Promise.resolve());
    expect(error.code).toBe('UPSTREAM_MALFORMED');
    expect(allOf(error)).not.toContain(jwt);
  });

  it('is given up after three seconds', async () => {
    const bed = await federationBed();
    const reached = Promise.withResolvers<void>();
    const { env } = await virtualMachine(() => {
      reached.resolve();
      return true;
    });
    const error = failureOf(issue(bed, { env, allow: [ROBOT] }));
    await reached.promise;
    await bed.clock.advance(3_000);
    expect((await error).code).toBe('UPSTREAM_UNAVAILABLE');
  });

  it('is on this machine or its link', async () => {
    const bed = await federationBed();
    for (const host of [
      '10.0.0.1',
      'meta.example',
      'http://127.0.0.1',
      '127.0.0.1/x',
      'a@127.0.0.1',
    ]) {
      const env = { NO_GCE_CHECK: undefined, GCE_METADATA_HOST: host };
      // oxlint-disable-next-line no-await-in-loop -- one world
      const error = await failureOf(issue(bed, { env, allow: [ROBOT] }));
      expect([host, error.code]).toEqual([host, 'CONFIG_INVALID']);
    }
  });

  it('comes after the files, and can be switched off', async () => {
    const bed = await federationBed();
    const { env, lines } = await virtualMachine();
    const both = { ...env, ...named(bed, bed.keyFile()) };
    expect((await issue(bed, { env: both, allow: [bed.robot.email] })).principal).toBe(
      bed.robot.email,
    );
    const off = { ...env, METADATA_SERVER_DETECTION: 'none' };
    const error = await failureOf(issue(bed, { env: off, allow: [ROBOT] }));
    expect(error.code).toBe('SECRET_MISSING');
    expect(lines).toEqual([]);
  });

  it('is not asked when nobody wants the token any more', async () => {
    const bed = await federationBed();
    const { env, lines } = await virtualMachine();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(issue(bed, { env, allow: [ROBOT], signal })).rejects.toThrow('enough');
    expect(lines).toEqual([]);
  });
});
