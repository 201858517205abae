import { describe, expect, it } from 'vitest';

import gcp from '../../src/connectors/gcp/index.ts';
import { validated } from '../../src/connectors/validated.ts';
import type { AccessToken } from '../../src/core/credential.ts';
import { fakeClock } from '../support/fake-clock.ts';

const NOW = fakeClock().now();

function issuedBy(method: string, more: Partial<AccessToken>) {
  const spec = gcp.authMethods[method];
  if (spec === undefined) throw new Error(`there is no method ${method}`);
  const token: AccessToken = {
    kind: 'access-token',
    id: 'tok-1',
    token: 'ya29.planted',
    issuedAt: NOW,
    expiresAt: NOW + 1,
    principal: '',
    account: '',
    scopes: [],
    ...more,
  };
  return () => validated(spec, token, {}, NOW);
}

describe('what a method issued', () => {
  it('is passed on while it lives', () => {
    expect(issuedBy('implicit', {})()).toMatchObject({ token: 'ya29.planted' });
  });

  it.each([Number.NaN, Infinity, -Infinity, 1e300, 8.64e15 + 1])(
    'ends at a date that can be told, not at %s',
    (expiresAt) => {
      expect(issuedBy('implicit', { expiresAt })).toThrow(
        expect.objectContaining({ code: 'UPSTREAM_MALFORMED' }),
      );
    },
  );

  it('is not empty', () => {
    expect(issuedBy('implicit', { token: '' })).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_MALFORMED' }),
    );
  });

  it('has not run out: a stored one is over, a new one tells of a wrong clock', () => {
    expect(issuedBy('implicit', { expiresAt: NOW })).toThrow(
      expect.objectContaining({ code: 'CREDENTIAL_EXPIRED' }),
    );
    expect(issuedBy('oauth2-token', { expiresAt: NOW })).toThrow(
      expect.objectContaining({ code: 'CREDENTIAL_EXPIRED' }),
    );
    for (const method of ['impersonation', 'external-account', 'service-account']) {
      expect(issuedBy(method, { expiresAt: NOW })).toThrow(
        expect.objectContaining({ code: 'UPSTREAM_CLOCK_SKEW' }),
      );
    }
  });
});
