import { describe, expect, test } from 'vitest';

import { ConnectorName } from '../../src/core/ids.ts';
import type { GoogleAccount } from '../../src/core/token-account.ts';
import { requestFor } from '../../src/workloads/choose-token.ts';
import type { WorkloadProfile } from '../../src/workloads/workload.ts';

const [WIDE, EMAIL, READ] = ['cloud-platform', 'email', 'storage.read'];
const CHOICE = { kind: 'access-token', waitMs: 1 } as const;

function profile(account: Partial<GoogleAccount> = {}): WorkloadProfile {
  return {
    name: 'gcp-dev',
    kind: 'access-token',
    region: undefined,
    request: {
      connector: ConnectorName.parse('gcp-dev'),
      resources: [{ type: 'gcp-generic', access: 'full' }],
    },
    account: {
      cloud: 'google',
      email: 'robot@p.example',
      projectId: 'p',
      universeDomain: 'googleapis.com',
      scopes: [WIDE, EMAIL],
      askable: [WIDE, EMAIL, READ],
      audiences: 'any',
      ...account,
    },
  };
}

describe('access tokens', () => {
  test('nothing chosen, or just what the usual one has: the usual one', () => {
    const one = profile();
    expect(requestFor(one, CHOICE)).toBe(one.request);
    expect(requestFor(one, { ...CHOICE, scopes: [] })).toBe(one.request);
    expect(requestFor(one, { ...CHOICE, scopes: [EMAIL, WIDE, EMAIL] })).toBe(one.request);
  });

  test('fewer: one of its own, the same object however often and in whatever order', () => {
    const one = profile();
    const request = requestFor(one, { ...CHOICE, scopes: [READ, EMAIL] });
    expect(request.token).toEqual({ kind: 'access-token', scopes: [EMAIL, READ] });
    expect(requestFor(one, { ...CHOICE, scopes: [READ, EMAIL] })).toBe(request);
    expect(requestFor(one, { ...CHOICE, scopes: [EMAIL, READ] })).toEqual(request);
  });

  test('invariant 5: one that is not granted is refused by name, however many others are', () => {
    const ask = () => requestFor(profile(), { ...CHOICE, scopes: [EMAIL, 'compute'] });
    expect(ask).toThrow(expect.objectContaining({ code: 'SCOPE_NOT_GRANTED', subject: 'compute' }));
  });

  test('what is bounded otherwise heeds no wish', () => {
    const one = profile({ askable: undefined });
    expect(requestFor(one, { ...CHOICE, scopes: ['compute'] })).toBe(one.request);
  });

  test('invariant 8: choices remembered are bounded', () => {
    const one = profile({ askable: Array.from({ length: 70 }, (_, i) => `s${i}`) });
    const first = requestFor(one, { ...CHOICE, scopes: ['s0'] });
    for (let i = 1; i < 70; i += 1) requestFor(one, { ...CHOICE, scopes: [`s${i}`] });
    const again = requestFor(one, { ...CHOICE, scopes: ['s0'] });
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });
});

describe('identity tokens', () => {
  const ask = (account: Partial<GoogleAccount>, audience?: string) => () =>
    requestFor(profile(account), { kind: 'id-token', audience, waitMs: 1 });

  test('for any audience, or for those of the grant', () => {
    expect(ask({}, 'https://a.example')().token).toEqual({
      kind: 'id-token',
      audience: 'https://a.example',
    });
    expect(ask({ audiences: ['a'] }, 'a')().token).toEqual({ kind: 'id-token', audience: 'a' });
  });

  test.for([
    [['a'], 'b', 'AUDIENCE_NOT_GRANTED'],
    [[], 'b', 'ID_TOKEN_UNSUPPORTED'],
    ['any', undefined, 'INPUT_INVALID'],
  ] as const)('%j, asked for %s: %s', ([audiences, audience, code]) => {
    expect(ask({ audiences }, audience)).toThrow(expect.objectContaining({ code }));
  });
});
