import { describe, expect, it } from 'vitest';

import { mapRefusal } from '../../../src/connectors/gcp/google-errors.ts';
import { mapNetworkError } from '../../../src/connectors/outbound/exchange.ts';
import { allOf } from './bed.ts';

const refusal = (status: number, body: unknown, more: object = {}) =>
  mapRefusal({
    status,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    sent: [],
    ...more,
  });

describe('OAuth errors', () => {
  it.each([
    [400, 'invalid_grant', 'UPSTREAM_BAD_CREDENTIAL'],
    [401, 'invalid_client', 'UPSTREAM_BAD_CREDENTIAL'],
    [401, 'deleted_client', 'UPSTREAM_BAD_CREDENTIAL'],
    [401, 'unauthorized_client', 'UPSTREAM_DENIED'],
    [403, 'access_denied', 'UPSTREAM_DENIED'],
    [400, 'admin_policy_enforced', 'UPSTREAM_DENIED'],
    [400, 'invalid_scope', 'UPSTREAM_INVALID'],
    [400, 'invalid_target', 'UPSTREAM_INVALID'],
    [400, 'invalid_request', 'UPSTREAM_INVALID'],
    [400, 'unsupported_grant_type', 'UPSTREAM_INVALID'],
    [400, 'invalid_rapt', 'LOGIN_REQUIRED'],
    [400, 'rapt_required', 'LOGIN_REQUIRED'],
    [400, 'rate_limit_exceeded', 'UPSTREAM_THROTTLED'],
    [429, 'rate_limit_exceeded', 'UPSTREAM_THROTTLED'],
    [429, 'invalid_grant', 'UPSTREAM_THROTTLED'],
    [400, 'temporarily_unavailable', 'UPSTREAM_UNAVAILABLE'],
    [500, 'internal_failure', 'UPSTREAM_UNAVAILABLE'],
    [503, 'invalid_grant', 'UPSTREAM_UNAVAILABLE'],
    [400, 'something_new', 'UPSTREAM_INVALID'],
    [401, 'something_new', 'UPSTREAM_BAD_CREDENTIAL'],
    [403, 'something_new', 'UPSTREAM_DENIED'],
  ])('%i %s is %s', (status, error, code) => {
    const mapped = refusal(status, { error, error_description: 'Bad Request' });
    expect(mapped).toMatchObject({ code, upstreamCode: error });
  });

  it('knows a repeated login by its subtype', () => {
    const body = {
      error: 'invalid_grant',
      error_description: 'reauth related error (invalid_rapt)',
      error_subtype: 'invalid_rapt',
    };
    expect(refusal(400, body)).toMatchObject({
      code: 'LOGIN_REQUIRED',
      upstreamCode: 'invalid_rapt',
    });
    const other = { ...body, error_subtype: 'something_new' };
    expect(refusal(400, other)).toMatchObject({ upstreamCode: 'invalid_grant' });
  });

  it('tells a wrong clock from a wrong key', () => {
    const error_description =
      'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.';
    const hints = { invalid_grant: 'make a new key' };
    const skewed = refusal(400, { error: 'invalid_grant', error_description }, { hints });
    expect(skewed).toMatchObject({
      code: 'UPSTREAM_CLOCK_SKEW',
      upstreamCode: 'invalid_grant',
      hint: expect.stringMatching(/clock/),
    });
    const wrong = { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' };
    expect(refusal(400, wrong, { hints })).toMatchObject({
      code: 'UPSTREAM_BAD_CREDENTIAL',
      hint: 'make a new key',
    });
  });
});

describe('API errors', () => {
  const api = (code: number, status: string | undefined, reason?: string) =>
    refusal(code, {
      error: {
        code,
        message: 'words of Google',
        status,
        ...(reason === undefined
          ? {}
          : { details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason }] }),
      },
    });

  it.each([
    [403, 'PERMISSION_DENIED', 'UPSTREAM_DENIED'],
    [404, 'NOT_FOUND', 'UPSTREAM_DENIED'],
    [400, 'FAILED_PRECONDITION', 'UPSTREAM_DENIED'],
    [400, 'INVALID_ARGUMENT', 'UPSTREAM_INVALID'],
    [401, 'UNAUTHENTICATED', 'UPSTREAM_BAD_CREDENTIAL'],
    [429, 'RESOURCE_EXHAUSTED', 'UPSTREAM_THROTTLED'],
    [500, 'INTERNAL', 'UPSTREAM_UNAVAILABLE'],
    [503, 'UNAVAILABLE', 'UPSTREAM_UNAVAILABLE'],
    [504, 'DEADLINE_EXCEEDED', 'UPSTREAM_UNAVAILABLE'],
  ])('%i %s is %s', (status, word, code) => {
    expect(api(status, word)).toMatchObject({ code, upstreamCode: word });
  });

  it('are told more exactly by a reason that is known', () => {
    expect(api(403, 'PERMISSION_DENIED', 'SERVICE_DISABLED')).toMatchObject({
      code: 'UPSTREAM_DENIED',
      upstreamCode: 'SERVICE_DISABLED',
      hint: expect.stringMatching(/enable/),
    });
    expect(api(403, 'PERMISSION_DENIED', 'IAM_PERMISSION_DENIED')).toMatchObject({
      upstreamCode: 'PERMISSION_DENIED',
    });
  });

  it('of Cloud Storage have reasons of their own', () => {
    const storage = (code: number, reason: string) =>
      refusal(code, { error: { code, message: 'x', errors: [{ reason, domain: 'global' }] } });
    expect(storage(403, 'userRateLimitExceeded').code).toBe('UPSTREAM_THROTTLED');
    expect(storage(404, 'notFound').code).toBe('UPSTREAM_INVALID');
    expect(storage(403, 'forbidden')).toMatchObject({
      code: 'UPSTREAM_DENIED',
      upstreamCode: 'forbidden',
    });
  });
});

describe('answers that are no error of Google’s', () => {
  it.each<[number, string, string]>([
    [200, '', 'UPSTREAM_MALFORMED'],
    [302, '', 'UPSTREAM_MALFORMED'],
    [400, '<html>captive portal</html>', 'UPSTREAM_MALFORMED'],
    [403, '{"error":', 'UPSTREAM_MALFORMED'],
    [404, '{}', 'UPSTREAM_MALFORMED'],
    [400, '{"error":7}', 'UPSTREAM_MALFORMED'],
    [407, '', 'UPSTREAM_UNAVAILABLE'],
    [408, '', 'UPSTREAM_UNAVAILABLE'],
    [429, 'slow down', 'UPSTREAM_THROTTLED'],
    [502, '<html>bad gateway</html>', 'UPSTREAM_UNAVAILABLE'],
  ])('%i %j is %s %s', (status, body, code) => {
    expect(refusal(status, body)).toMatchObject({ code, upstreamCode: undefined });
  });

  it('never make a code of free text', () => {
    const error = 'Your key <ya29.leaked> is wrong';
    expect(refusal(400, { error }).upstreamCode).toBeUndefined();
    expect(refusal(400, { error: '__proto__' }).code).toBe('UPSTREAM_INVALID');
    expect(refusal(400, { error: 'constructor' }).code).toBe('UPSTREAM_INVALID');
  });
});

describe('the cause', () => {
  it('keeps Google’s words without what was sent, tokens or long texts', () => {
    const jwt = `eyJhbGciOiJSUzI1NiJ9.${'a'.repeat(90)}.${'b'.repeat(40)}`;
    const body = { error: 'invalid_grant', error_description: `no: short-secret ${jwt} at all` };
    const error = refusal(400, body, { sent: ['short-secret', ''] });
    const shown = allOf(error);
    expect(shown).toContain('status 400');
    expect(shown).toContain('at all');
    expect(shown).not.toContain('short-secret');
    expect(shown).not.toContain('eyJ');
    expect(error.message).not.toContain('at all');
  });

  it('is bounded', () => {
    const { cause } = refusal(500, 'x y '.repeat(10_000));
    expect(String(cause).length).toBeLessThan(2_100);
  });
});

describe('a network’s errors', () => {
  const failed = (code: string) =>
    new TypeError('fetch failed', { cause: Object.assign(new Error('because'), { code }) });

  it.each([
    ['ECONNREFUSED', 'UPSTREAM_UNAVAILABLE'],
    ['ENOTFOUND', 'UPSTREAM_UNAVAILABLE'],
    ['UND_ERR_CONNECT_TIMEOUT', 'UPSTREAM_UNAVAILABLE'],
    ['UND_ERR_SOCKET', 'UPSTREAM_UNAVAILABLE'],
    ['HPE_INVALID_CONSTANT', 'UPSTREAM_MALFORMED'],
  ])('%s is %s', (code, ours) => {
    expect(mapNetworkError(failed(code), 'oauth2.googleapis.com', 'A_BUNDLE')).toMatchObject({
      code: ours,
      reason: expect.stringContaining('oauth2.googleapis.com'),
    });
  });

  it('of certificates say where to put one’s own', () => {
    expect(mapNetworkError(failed('SELF_SIGNED_CERT_IN_CHAIN'), 'x', 'A_BUNDLE')).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      upstreamCode: 'SELF_SIGNED_CERT_IN_CHAIN',
      hint: expect.stringMatching(/A_BUNDLE/),
    });
  });

  it('may be anything that was thrown', () => {
    expect(mapNetworkError('a text', 'x', 'A_BUNDLE').code).toBe('UPSTREAM_UNAVAILABLE');
    expect(mapNetworkError(undefined, 'x', 'A_BUNDLE').code).toBe('UPSTREAM_UNAVAILABLE');
  });
});

describe('a service that repeats what it was sent', () => {
  const sent = ['GOCSPX-planted-secret', '1//planted-refresh+token'];

  it.each([
    ['as its code', { error: 'GOCSPX-planted-secret' }],
    ['with its code', { error: 'x-GOCSPX-planted-secret-x' }],
    ['as its reason', { error: { status: 'X', details: [{ reason: 'GOCSPX-planted-secret' }] } }],
    ['as a form', new URLSearchParams({ refresh_token: '1//planted-refresh+token' }).toString()],
    ['as a part of a URL', encodeURIComponent('1//planted-refresh+token')],
    ['as JSON', String.raw`{"error":"x","error_description":"1\/\/planted-refresh+token"}`],
  ])('%s: it is told nobody', (_what, body) => {
    expect(allOf(refusal(400, body, { sent }))).not.toContain('planted');
  });

  it('shows no part of it as a code', () => {
    expect(refusal(400, { error: 'planted-secret' }, { sent }).upstreamCode).toBeUndefined();
  });

  it('keeps a code that is Google’s own, whatever was sent', () => {
    const body = { error: 'invalid_grant' };
    expect(refusal(400, body, { sent: ['invalid_grant'] }).upstreamCode).toBe('invalid_grant');
  });
});
