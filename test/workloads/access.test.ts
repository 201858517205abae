import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';

import type { Issued } from '../../src/core/credential.ts';
import type { Evidence } from '../../src/core/events.ts';
import { ConnectorName } from '../../src/core/ids.ts';
import type { Peer } from '../../src/core/peer.ts';
import type { Connection } from '../../src/endpoints/contract.ts';
import { createAccess } from '../../src/workloads/access.ts';
import type { Challenges } from '../../src/workloads/challenges.ts';
import { createServiceAccountVerifier } from '../../src/workloads/service-accounts.ts';
import { createTokens, TOKEN_OVERLAP_MS } from '../../src/workloads/tokens.ts';
import type { ClientRule, Workload } from '../../src/workloads/workload.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { temporaryHome } from '../support/home.ts';

const LISTENER = '127.0.0.1:9911';

function workload(name: string, clients: readonly ClientRule[], connectors = [name]): Workload {
  return {
    name,
    region: 'eu-west-1',
    roleName: name,
    imdsV1: false,
    azure: { name: 'app', vmSize: 'custom', tags: {} },
    gce: { name: 'app', machineType: 'custom', tags: [], attributes: {}, projectAttributes: {} },
    clients,
    profiles: connectors.map((connector) => ({
      name: connector,
      kind: 'aws-session',
      region: undefined,
      request: {
        connector: ConnectorName.parse(connector),
        resources: [{ type: 'aws-generic', access: 'full' }],
      },
    })),
  };
}

function connection(peer?: Peer): Connection {
  return { listener: LISTENER, localAddress: '127.0.0.1', peer: async () => peer };
}

async function setup(
  workloads: readonly Workload[],
  current?: () => ReadonlyMap<string, Workload>,
  challenges?: Challenges,
) {
  const clock = fakeClock();
  const home = await temporaryHome();
  const tokens = createTokens(join(home, 'tokens'), clock);
  const table = new Map(workloads.map((one) => [one.name, one]));
  const records: Evidence[] = [];
  const seen = new Set<string>();
  const issuedFor = new Map<string, Issued>();
  const keys = await generateKeyPair('ES256');
  const jwksFile = join(home, 'jwks.json');
  await writeFile(
    jwksFile,
    JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k', alg: 'ES256' }] }),
  );
  const verify = createServiceAccountVerifier(
    { jwksFile, issuer: 'https://issuer', audience: 'pods.eks.amazonaws.com' },
    clock,
  );
  const access = createAccess({
    workloads: current ?? (() => table),
    tokens,
    challenges,
    verifyServiceAccount: () => verify,
    get: (request) => {
      const found = issuedFor.get(request.connector) ?? ({ request } as Issued);
      issuedFor.set(request.connector, found);
      return found;
    },
    handouts: {
      claim(issued, name) {
        const key = `${issued.request.connector} ${name}`;
        const first = !seen.has(key);
        seen.add(key);
        return first;
      },
      record: async (_issued, evidence) => void records.push(evidence),
    },
  });
  const jwt = (claims: object = {}, alg = 'ES256') =>
    new SignJWT({
      sub: 'system:serviceaccount:ml:trainer',
      iss: 'https://issuer',
      aud: 'pods.eks.amazonaws.com',
      iat: clock.now() / 1000,
      exp: clock.now() / 1000 + 600,
      ...claims,
    })
      .setProtectedHeader({ alg, kid: 'k' })
      .sign(keys.privateKey);
  return { access, tokens, clock, home, table, records, jwt };
}

const byToken = (token: string) => ({ kind: 'token', token }) as const;

describe('invariant 6: bearer secrets', () => {
  test('one that is right but for its end is wrong, also after the right one on the same connection', async () => {
    const { access, tokens } = await setup([workload('dev', [{ kind: 'token' }])]);
    const { token } = await tokens.load('dev');
    const open = connection();
    // A character of two bytes has no room at the end: what stood there before must not count.
    for (const shown of [token, token, `${token.slice(0, -1)}\u00e9`, token]) {
      const caller = await access.identify(open, byToken(shown));
      expect(caller?.workload).toBe(shown === token ? 'dev' : undefined);
    }
  });

  test('256 bits, one per workload, in a 0600 file, without a newline', async () => {
    const { tokens, home } = await setup([]);
    const { token, file } = await tokens.load('dev');
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(await readFile(file, 'utf8')).toBe(token);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, 'tokens'))).mode & 0o777).toBe(0o700);
    expect((await tokens.load('other')).token).not.toBe(token);
    expect((await tokens.load('dev')).token).toBe(token);
  });

  test('a secret file that others can read is refused', async () => {
    const { tokens } = await setup([]);
    const { file } = await tokens.load('dev');
    await chmod(file, 0o644);
    await expect(tokens.load('dev')).rejects.toMatchObject({ code: 'UNSAFE_FILE' });
  });

  test('a rotated file: both are taken for the overlap, then the new one alone', async () => {
    const { access, tokens, clock } = await setup([workload('dev', [{ kind: 'token' }])]);
    const old = await tokens.load('dev');
    const open = connection();
    const identify = (token: string) => access.identify(open, byToken(token));
    expect(await identify(old.token)).toMatchObject({ workload: 'dev' });
    const next = 'x'.repeat(43);
    await writeFile(old.file, next);
    await tokens.load('dev');
    expect(await identify(next)).toMatchObject({ workload: 'dev' });
    expect(await identify(old.token)).toMatchObject({ workload: 'dev' });
    await clock.advance(TOKEN_OVERLAP_MS);
    expect(await identify(old.token)).toBeUndefined();
    expect(await identify(next)).toMatchObject({ workload: 'dev' });
  });
});

describe('invariant 5: nobody names what they were not granted', () => {
  test('a secret is worth its own workload, exactly as it is', async () => {
    const { access, tokens } = await setup([
      workload('a', [{ kind: 'token' }]),
      workload('b', [{ kind: 'token' }]),
      workload('silent', [{ kind: 'listener', listener: LISTENER, uid: 1 }]),
    ]);
    const { token } = await tokens.load('a');
    const { token: unused } = await tokens.load('silent');
    const identify = (given: string) => access.identify(connection(), byToken(given));
    expect(await identify(token)).toMatchObject({ workload: 'a' });
    for (const wrong of [
      `${token} `,
      ` ${token}`,
      token.slice(1),
      `Bearer ${token}`,
      '',
      'x'.repeat(5_000),
      unused,
    ]) {
      expect(await identify(wrong)).toBeUndefined();
    }
  });

  test('a profile of another workload is not found', async () => {
    const { access, tokens } = await setup([
      workload('a', [{ kind: 'token' }]),
      workload('b', [{ kind: 'token' }]),
    ]);
    const { token } = await tokens.load('a');
    const caller = await access.identify(connection(), byToken(token));
    const ask = (profile?: string) =>
      access.issue(caller!, { kind: 'aws-session', profile, waitMs: 1 });
    expect((await ask()).request.connector).toBe('a');
    expect(() => ask('b')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });

  test('a workload that a reload took away gets nothing more', async () => {
    const { access, tokens, table } = await setup([workload('a', [{ kind: 'token' }])]);
    const { token } = await tokens.load('a');
    const open = connection();
    const caller = await access.identify(open, byToken(token));
    table.delete('a');
    tokens.reloaded();
    expect(() => access.issue(caller!, { kind: 'aws-session', waitMs: 1 })).toThrow();
    expect(await access.identify(open, byToken(token))).toBeUndefined();
  });

  test('without a secret: the listener and the user the kernel names, or nobody', async () => {
    const mine = workload('mine', [{ kind: 'listener', listener: LISTENER, uid: 1000 }]);
    const { access } = await setup([mine]);
    const ask = (peer?: Peer) => access.identify(connection(peer), { kind: 'none' });
    expect(await ask({ uid: 1000 })).toMatchObject({ workload: 'mine' });
    expect(await ask({ uid: 1001 })).toBeUndefined();
    expect(await ask({ uid: 0 })).toBeUndefined();
    expect(await ask(undefined)).toBeUndefined();
  });

  test('two workloads that fit are no answer; a rule for anybody needs no user', async () => {
    const anybody: ClientRule = { kind: 'listener', listener: LISTENER, uid: undefined };
    const { access, table } = await setup([workload('a', [anybody])]);
    expect(await access.identify(connection(undefined), { kind: 'none' })).toMatchObject({
      workload: 'a',
    });
    table.set('b', workload('b', [anybody]));
    expect(await access.identify(connection(undefined), { kind: 'none' })).toBeUndefined();
  });

  test('where anybody may ask, the kernel is not asked who does', async () => {
    const anybody: ClientRule = { kind: 'listener', listener: LISTENER, uid: undefined };
    const { access } = await setup([workload('dev', [anybody])]);
    let looked = 0;
    const unseen = {
      ...connection(),
      peer: async () => {
        looked += 1;
        return undefined;
      },
    };
    expect((await access.identify(unseen, { kind: 'none' }))?.workload).toBe('dev');
    expect(looked).toBe(0);
  });
});

test('what was found holds for its listener and until the workloads change', async () => {
  const rule: ClientRule = { kind: 'listener', listener: LISTENER, uid: 1000 };
  const first = new Map([['a', workload('a', [rule])]]);
  let table: ReadonlyMap<string, Workload> = first;
  const { access } = await setup([], () => table);
  const open = connection({ uid: 1000 });
  const caller = await access.identify(open, { kind: 'none' });
  expect(access.holds(caller!, open)).toBe(true);
  expect(access.holds(caller!, { ...open, listener: '127.0.0.1:1' })).toBe(false);
  table = new Map(first);
  expect(access.holds(caller!, open)).toBe(false);
});

describe('service accounts', () => {
  const rule: ClientRule = { kind: 'service-account', subject: 'system:serviceaccount:ml:trainer' };
  const ask = async (claims: object) => {
    const { access, jwt } = await setup([workload('pod', [rule])]);
    return access.identify(connection(), { kind: 'service-account', jwt: await jwt(claims) });
  };

  test('a signed, current token for us', async () => {
    expect(await ask({})).toMatchObject({ workload: 'pod' });
  });

  test.each([
    ['another subject', { sub: 'system:serviceaccount:ml:other' }],
    ['another audience', { aud: 'sts.amazonaws.com' }],
    ['another issuer', { iss: 'https://evil' }],
  ])('%s is nobody', async (_name, claims) => {
    expect(await ask(claims)).toBeUndefined();
  });

  test.each([
    ['expired', { exp: 1_000 }],
    ['not valid yet', { nbf: 9_999_999_999 }],
    ['without an end', { exp: undefined }],
  ])('%s is invalid', async (_name, claims) => {
    await expect(ask(claims)).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' });
  });

  test('alg none, another key, garbage', async () => {
    const { access, jwt } = await setup([workload('pod', [rule])]);
    const identify = async (text: string) =>
      access.identify(connection(), { kind: 'service-account', jwt: text });
    const good = await jwt();
    const [, payload, signature] = good.split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    await expect(identify(`${none}.${payload}.`)).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID',
    });
    await expect(identify('garbage')).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' });
    const other = await setup([]);
    expect(await identify(await other.jwt())).toBeUndefined();
    expect(
      await identify(
        `${good.split('.')[0]}.${payload}.${signature?.split('').toReversed().join('')}`,
      ),
    ).toBeUndefined();
  });
});

test('a credential that is made ready is no handout, and what denies it is told to nobody yet', async () => {
  const { access, tokens, table, records } = await setup([workload('a', [{ kind: 'token' }])]);
  const caller = await access.identify(connection(), byToken((await tokens.load('a')).token));
  const choice = { kind: 'aws-session', waitMs: 1 } as const;
  expect(await access.prepare(caller!, choice)).toBeUndefined();
  expect(records).toEqual([]);
  await access.issue(caller!, choice);
  expect(records).toHaveLength(1);
  table.delete('a');
  expect(access.prepare(caller!, choice)).toBeUndefined();
});

test('invariant 11: one record per credential and workload, with what the kernel told', async () => {
  const { access, tokens, records } = await setup([workload('a', [{ kind: 'token' }])]);
  const { token } = await tokens.load('a');
  const caller = await access.identify(
    connection({ uid: 1000, pid: 42, executable: '/usr/bin/python3' }),
    byToken(token),
  );
  for (let i = 0; i < 5; i += 1) await access.issue(caller!, { kind: 'aws-session', waitMs: 1 });
  expect(records).toEqual([
    {
      workload: 'a',
      by: 'token',
      endpoint: LISTENER,
      uid: 1000,
      pid: 42,
      executable: '/usr/bin/python3',
    },
  ]);
});

test.each([
  ['the right user', { uid: 1000 }, true],
  ['root, who may read every file', { uid: 0 }, true],
  ['whom the kernel does not tell', undefined, true],
  ['another user, who would only push out the others', { uid: 1001 }, false],
])('a challenge file is written for %s: %j', async (_who, peer, written) => {
  const writes: number[] = [];
  const challenges: Challenges = {
    write: async (_listener, uid) => `/tokens/${writes.push(uid)}.key`,
    take: () => undefined,
    close: async () => {},
  };
  const rule: ClientRule = { kind: 'challenge', listener: LISTENER, uid: 1000 };
  const { access } = await setup([workload('dev', [rule])], undefined, challenges);
  expect(await access.challenge(connection(peer))).toBe(written ? '/tokens/1.key' : undefined);
  expect(writes).toEqual(written ? [1000] : []);
});
