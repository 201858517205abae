import { describe, expect, it } from 'vitest';

import impersonation from '../../../src/connectors/gcp/auth-methods/impersonation.ts';
import { CLOUD_PLATFORM } from '../../../src/connectors/gcp/scopes.ts';
import { ofKind } from '../../../src/core/credential.ts';
import type { ServiceAccount } from '../../../src/stand-ins/google/accounts.ts';
import { PROJECT } from '../../support/google.ts';
import {
  claimsOf,
  cloudOf,
  connectorOf,
  failureOf,
  hidden,
  issueBy,
  never,
  saveNothing,
} from './bed.ts';
import { asked, federationBed, type FederationBed } from './federation-bed.ts';

const STORAGE = 'https://www.googleapis.com/auth/devstorage.read_only';
const DRIVE = 'https://www.googleapis.com/auth/drive.readonly';
const AUDIENCE = 'https://a.example';

/** A target that the person, the robot and the federated job may become. */
async function openWorld() {
  const bed = await federationBed();
  const { google, person, robot, pool } = bed;
  const target = google.accounts.addServiceAccount({ name: 'target', project: 'other-project' });
  const members = [`user:${person.email}`, `serviceAccount:${robot.email}`, pool.member('job')];
  for (const member of members) {
    google.accounts.grant({ member, role: 'tokenCreator', on: target.email });
  }
  return { ...bed, target };
}

type World = FederationBed & { readonly target: ServiceAccount };

function input(
  { cloud, machine, target }: World,
  secret: Readonly<Record<string, string>>,
  more: { config?: object; seconds?: number; allow?: readonly string[] } = {},
) {
  const config = impersonation.config.parse({ target_principal: target.email, ...more.config });
  return {
    connector: connectorOf({ config, secret: hidden(secret) }),
    config,
    seconds: more.seconds ?? impersonation.lifetimeOf?.(config)?.default ?? 0,
    cloud,
    machine: { ...machine, implicit: { allow: more.allow ?? [] } },
    signal: never(),
    saveLogin: saveNothing,
  };
}

const issue = async (
  world: World,
  secret: Readonly<Record<string, string>>,
  {
    scope,
    scopes,
    ...more
  }: Parameters<typeof input>[2] & {
    scope?: Parameters<typeof issueBy>[2]['scope'];
    scopes?: readonly string[];
  } = {},
) =>
  ofKind(
    await impersonation.issue({ ...input(world, secret, more), scope, scopes }),
    'access-token',
  );

const identity = async (...args: Parameters<typeof input>) =>
  await impersonation.issueIdToken?.({ ...input(...args), audience: AUDIENCE });

/** The world as the daemon with this credentials file sees it. */
function withFile(world: World, text: string): World {
  const env = {
    ...world.machine.env,
    GOOGLE_APPLICATION_CREDENTIALS: world.files.write('adc.json', text),
  };
  const machine = { ...world.machine, env };
  return { ...world, machine, cloud: cloudOf(machine) };
}

/** Each identity that can impersonate, as the connector's secrets. */
const SOURCES: readonly [string, (world: World) => Promise<Record<string, string>>, string][] = [
  ['a key', async ({ keyFile }) => ({ service_account_json: keyFile() }), 'oauth2:jwt-bearer'],
  ['a person', async ({ userFile }) => ({ user_account_json: userFile }), 'oauth2:refresh-token'],
  ['a federated job', async ({ json }) => ({ external_account_json: json() }), 'sts:exchange'],
  [
    'a stored token',
    async (world) => {
      const secret = { user_account_json: world.userFile };
      const { token } = await issueBy('user-account', world, {
        config: { project_id: PROJECT },
        secret,
      });
      return { token };
    },
    'oauth2:refresh-token',
  ],
];

describe.each(SOURCES)('%s', (_, secretOf, operation) => {
  it('becomes the target, with a token of its own that only serves for that', async () => {
    const world = await openWorld();
    const issued = await issue(world, await secretOf(world), { scope: { scopes: [STORAGE] } });
    expect(issued).toMatchObject({
      principal: world.target.email,
      scopes: [STORAGE],
      expiresAt: world.clock.now() + 3_600_000,
    });
    expect(asked(world)).toEqual([operation, 'iamcredentials:generateAccessToken']);
    const [source, own] = world.google.log;
    expect(source?.scopes).toContain(CLOUD_PLATFORM);
    expect(own?.scopes).toEqual([STORAGE]);
  });

  it('proves itself as the target', async () => {
    const world = await openWorld();
    const issued = await identity(world, await secretOf(world));
    expect(issued).toMatchObject({ principal: world.target.email, audience: AUDIENCE });
    expect(claimsOf(issued?.token ?? '')).toMatchObject({
      aud: AUDIENCE,
      email: world.target.email,
      email_verified: true,
    });
  });
});

describe('impersonation', () => {
  it('asks for the client’s scopes before the connector’s, and those before the usual', async () => {
    const world = await openWorld();
    const secret = { user_account_json: world.userFile };
    const config = { scopes: STORAGE };
    expect((await issue(world, secret)).scopes).toContain(CLOUD_PLATFORM);
    expect((await issue(world, secret, { config })).scopes).toEqual([STORAGE]);
    expect((await issue(world, secret, { config, scopes: ['openid'] })).scopes).toEqual(['openid']);
  });

  it('is narrowed to a bucket', async () => {
    const world = await openWorld();
    const { google, target, userFile } = world;
    google.buckets.allow(
      `serviceAccount:${target.email}`,
      `projects/${PROJECT}`,
      'roles/storage.admin',
    );
    const boundary = [
      {
        availableResource: '//storage.googleapis.com/projects/_/buckets/zenfiles',
        availablePermissions: ['inRole:roles/storage.objectViewer'],
      },
    ];
    const { token } = await issue(world, { user_account_json: userFile }, { scope: { boundary } });
    const headers = { authorization: `Bearer ${token}` };
    const read = async (path: string) =>
      (await fetch(`${google.url}/storage/v1/b/${path}`, { headers })).status;
    expect(await read('zenfiles/o/runs%2F1.txt')).toBe(200);
    expect(await read('payroll/o/june.csv')).toBe(403);
  });

  it('of an account that may not be impersonated is refused', async () => {
    const world = await openWorld();
    const other = world.google.accounts.addServiceAccount({ name: 'other', project: PROJECT });
    const config = { target_principal: other.email };
    const error = await failureOf(issue(world, { user_account_json: world.userFile }, { config }));
    expect(error).toMatchObject({ code: 'UPSTREAM_DENIED', upstreamCode: 'PERMISSION_DENIED' });
    expect(error.hint).toContain('Token Creator');
    expect(`${error.message} ${error.hint}`).not.toContain('getAccessToken');
    expect(String(error.cause)).toContain('iam.serviceAccounts.getAccessToken');
  });

  it('lives up to twelve hours, where the organisation allows it', async () => {
    const world = await openWorld();
    const secret = { user_account_json: world.userFile };
    const long = { seconds: 43_200 };
    const error = await failureOf(issue(world, secret, long));
    expect(error).toMatchObject({ code: 'UPSTREAM_INVALID', upstreamCode: 'INVALID_ARGUMENT' });
    expect(error.hint).toContain('constraints/iam.allowServiceAccountCredentialLifetimeExtension');
    world.google.accounts.extendLifetime(world.target.email);
    expect((await issue(world, secret, long)).expiresAt).toBe(world.clock.now() + 43_200_000);
    expect(impersonation.lifetime).toEqual({ min: 600, default: 3600, max: 43_200 });
  });

  it('never seems to live longer than it does, by a clock that is behind Google’s', async () => {
    const world = await openWorld();
    const secret = { user_account_json: world.userFile };
    world.google.faults.add('iamcredentials:*', { kind: 'clock-skew', milliseconds: 1_800_000 });
    const end = world.clock.now() + 3_600_000;
    expect((await issue(world, secret)).expiresAt).toBe(end);
    expect((await identity(world, secret))?.expiresAt).toBe(end);
  });

  it('goes through delegates in their order, and in no other', async () => {
    const world = await openWorld();
    const { google, person } = world;
    const account = (name: string) => google.accounts.addServiceAccount({ name, project: PROJECT });
    const [first, second, last] = [account('first'), account('second'), account('last')];
    const chain: readonly (readonly [string, string])[] = [
      [`user:${person.email}`, first.email],
      [`serviceAccount:${first.email}`, second.email],
      [`serviceAccount:${second.email}`, last.email],
    ];
    for (const [member, on] of chain) google.accounts.grant({ member, role: 'tokenCreator', on });
    const secret = { user_account_json: world.userFile };
    const through = (delegates: string) =>
      issue(world, secret, { config: { target_principal: last.email, delegates } });
    expect((await through(`${first.email},${second.email}`)).principal).toBe(last.email);
    for (const wrong of [`${second.email},${first.email}`, first.email, second.email]) {
      // oxlint-disable-next-line no-await-in-loop -- one world
      expect((await failureOf(through(wrong))).code).toBe('UPSTREAM_DENIED');
    }
    const proof = { target_principal: last.email, delegates: [first.email, second.email] };
    expect(await identity(world, secret, { config: proof })).toMatchObject({
      principal: last.email,
    });
  });
});

describe('a person that the target speaks for', () => {
  const subject = 'grace@example.com';

  async function delegated() {
    const world = await openWorld();
    world.google.accounts.addUser({ email: subject, consentedScopes: [DRIVE] });
    world.google.accounts.domainWideDelegation(world.target.uniqueId, [DRIVE]);
    return world;
  }

  it('has the token, without a key', async () => {
    const world = await delegated();
    const secret = { user_account_json: world.userFile };
    const issued = await issue(world, secret, { config: { subject, scopes: DRIVE } });
    expect(issued).toMatchObject({ principal: subject, scopes: [DRIVE] });
    expect(asked(world)).toEqual([
      'oauth2:refresh-token',
      'iamcredentials:signJwt',
      'oauth2:jwt-bearer',
    ]);
    const seen = world.google.tokens.live(issued.token, world.clock.now());
    expect(seen?.principal).toMatchObject({ kind: 'user', email: subject });
  });

  it('is refused for scopes that were not delegated', async () => {
    const world = await delegated();
    const secret = { user_account_json: world.userFile };
    const config = { subject, scopes: STORAGE };
    expect(await failureOf(issue(world, secret, { config }))).toMatchObject({
      code: 'UPSTREAM_DENIED',
      upstreamCode: 'unauthorized_client',
    });
  });

  it('has no identity tokens, and no lifetime to choose', async () => {
    const world = await delegated();
    const secret = { user_account_json: world.userFile };
    const error = await failureOf(
      impersonation.issueIdToken?.({
        ...input(world, secret, { config: { subject } }),
        audience: AUDIENCE,
      }) ?? Promise.resolve(),
    );
    expect(error.code).toBe('ID_TOKEN_UNSUPPORTED');
    const config = impersonation.config.parse({ target_principal: world.target.email, subject });
    expect(impersonation.lifetimeOf?.(config)).toEqual({ min: 3600, default: 3600, max: 3600 });
  });

  it('is of Google’s own universe', () => {
    const config = { target_principal: 'a@b.example', subject, universe_domain: 'cloud.example' };
    expect(impersonation.config.safeParse(config).success).toBe(false);
  });
});

describe('the daemon’s own identity as the source', () => {
  const config = { source: 'implicit' };

  it.each<[string, (world: World) => readonly string[], boolean]>([
    ['nobody', () => [], false],
    ['somebody else', () => ['else@example.com'], false],
    ['the daemon’s own account alone', ({ person }) => [person.email], false],
    ['the target', ({ target }) => [target.email.toUpperCase()], true],
  ])('with %s on the list', async (_, allow, allowed) => {
    const world = await openWorld();
    const issued = issue(withFile(world, world.userFile), {}, { config, allow: allow(world) });
    if (allowed) {
      expect((await issued).principal).toBe(world.target.email);
    } else {
      expect((await failureOf(issued)).code).toBe('IMPLICIT_FORBIDDEN');
      expect(asked(world)).toEqual([]);
    }
  });

  it('with the target on the list yields no person that it speaks for', async () => {
    const world = await openWorld();
    const subject = 'grace@example.com';
    const own = withFile(world, world.userFile);
    const allow = [world.target.email];
    const error = await failureOf(issue(own, {}, { config: { ...config, subject }, allow }));
    expect(error.code).toBe('IMPLICIT_FORBIDDEN');
    const proof = { ...input(own, {}, { config }), audience: AUDIENCE };
    const refused = await failureOf(impersonation.issueIdToken?.(proof) ?? Promise.resolve());
    expect(refused.code).toBe('IMPLICIT_FORBIDDEN');
  });
});

describe('at registration', () => {
  const complete = (config: object, secrets: Record<string, string>) =>
    impersonation.complete?.(
      { target_principal: 'target@other-project.iam.gserviceaccount.com', ...config },
      hidden(secrets),
    );

  it('the target tells the project', async () => {
    const { userFile } = await openWorld();
    expect(complete({}, { user_account_json: userFile })).toEqual({ project_id: 'other-project' });
    expect(complete({ source: 'implicit' }, {})).toEqual({ project_id: 'other-project' });
  });

  it('exactly one identity impersonates', async () => {
    const { userFile, keyFile } = await openWorld();
    const both = { user_account_json: userFile, service_account_json: keyFile() };
    const wrong: readonly (() => unknown)[] = [
      () => complete({}, {}),
      () => complete({}, both),
      () => complete({ source: 'implicit' }, { token: 'planted' }),
    ];
    for (const attempt of wrong) {
      expect(attempt).toThrow(
        expect.objectContaining({ code: 'INPUT_INVALID', subject: 'source' }),
      );
    }
  });

  it('each is checked as its own method would', async () => {
    const { userFile, keyFile, json } = await openWorld();
    const program = json({ credential_source: { executable: { command: 'x' } } });
    const wrong: readonly (readonly [Record<string, string>, string])[] = [
      [{ service_account_json: userFile }, 'service_account_json'],
      [{ user_account_json: keyFile() }, 'user_account_json'],
      [{ external_account_json: userFile }, 'external_account_json'],
      [{ external_account_json: program }, 'allow_executable'],
    ];
    for (const [secrets, subject] of wrong) {
      expect(() => complete({}, secrets)).toThrow(
        expect.objectContaining({ code: 'INPUT_INVALID', subject }),
      );
    }
    const allowed = { allow_executable: true };
    expect(() => complete(allowed, { external_account_json: program })).not.toThrow();
  });

  it('a store that has lost the secret is told', async () => {
    const world = await openWorld();
    expect((await failureOf(issue(world, {}))).code).toBe('SECRET_MISSING');
  });

  it('a stored token that has expired is not sent', async () => {
    const world: World = await openWorld();
    const given = input(world, { token: 'planted' });
    const connector = { ...given.connector, expiresAt: world.clock.now() };
    const error = await failureOf(impersonation.issue({ ...given, connector, scope: undefined }));
    expect(error.code).toBe('CREDENTIAL_EXPIRED');
    expect(asked(world)).toEqual([]);
  });
});
