import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { readClaims } from '../../../src/connectors/azure/claims.ts';
import { AADSTS } from '../../../src/connectors/azure/entra-codes.ts';
import { mapRefusal } from '../../../src/connectors/azure/entra-errors.ts';
import { ERRORS } from '../../../src/core/errors.ts';

describe('a refusal of Entra', () => {
  const refused = (status: number, body: unknown) =>
    mapRefusal({ status, body: typeof body === 'string' ? body : JSON.stringify(body), sent: [] });

  it.each([
    [400, { error: 'invalid_grant', error_codes: [50173] }, 'LOGIN_REQUIRED', 'AADSTS50173'],
    [
      400,
      { error: 'x', error_description: 'AADSTS50034: no' },
      'UPSTREAM_BAD_CREDENTIAL',
      'AADSTS50034',
    ],
    [
      400,
      { error: 'invalid_grant', error_codes: [999999] },
      'UPSTREAM_BAD_CREDENTIAL',
      'AADSTS999999',
    ],
    [400, { error: 'invalid_scope' }, 'UPSTREAM_INVALID', 'invalid_scope'],
    [400, { error: 'interaction_required' }, 'LOGIN_REQUIRED', 'interaction_required'],
    [400, { error: 'constructor' }, 'UPSTREAM_INVALID', 'constructor'],
    [400, { error: 'two words' }, 'UPSTREAM_INVALID', undefined],
    [401, { error: 'invalid_client' }, 'UPSTREAM_BAD_CREDENTIAL', 'invalid_client'],
    [403, { error: 'access_denied' }, 'UPSTREAM_DENIED', 'access_denied'],
    [429, { error: 'x', error_codes: [50034] }, 'UPSTREAM_THROTTLED', 'AADSTS50034'],
    [503, { error: 'x', error_codes: [90055] }, 'UPSTREAM_THROTTLED', 'AADSTS90055'],
    [500, 'no JSON', 'UPSTREAM_UNAVAILABLE', undefined],
    [502, '<html>', 'UPSTREAM_UNAVAILABLE', undefined],
    [407, '', 'UPSTREAM_UNAVAILABLE', undefined],
    [408, '', 'UPSTREAM_UNAVAILABLE', undefined],
    [404, '<html>', 'UPSTREAM_MALFORMED', undefined],
    [302, { error: 'invalid_client' }, 'UPSTREAM_MALFORMED', 'invalid_client'],
    [400, { error: 5 }, 'UPSTREAM_MALFORMED', undefined],
    [
      400,
      { error: 'invalid_client', error_codes: 'many' },
      'UPSTREAM_BAD_CREDENTIAL',
      'invalid_client',
    ],
  ] as const)('%i %j is %s', (status, body, code, upstreamCode) => {
    expect(refused(status, body)).toMatchObject({ code, upstreamCode });
  });

  it('is told without Microsoft’s words', () => {
    const error = refused(400, { error: 'invalid_grant', error_description: 'AADSTS50034: Ada' });
    expect(error.message).not.toContain('Ada');
    expect(String(error.cause)).toContain('Ada');
  });

  it('that a person must do something about says what', () => {
    for (const [number, [code, hint]] of Object.entries(AADSTS)) {
      if (ERRORS[code].retry === 'no') expect([number, hint]).toEqual([number, expect.any(String)]);
    }
  });
});

describe('what a token says of itself', () => {
  const jwt = (claims: unknown) =>
    `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;

  it('is read as far as it can be', () => {
    const claims = { tid: 't', oid: 'o', appid: 'a', upn: 'u@v', aud: 'x', iat: 1, exp: 2 };
    expect(readClaims(jwt(claims))).toEqual({
      claims: { tenantId: 't', objectId: 'o', clientId: 'a', name: 'u@v', audience: 'x' },
      person: { upn: 'u@v' },
      issued: 1,
      expires: 2,
    });
    expect(readClaims(jwt({ tid: 5, exp: 'x', azp: 'a' })).claims).toMatchObject({ clientId: 'a' });
  });

  it.each(['', 'opaque', 'a.b.c', 'a..', jwt(null), jwt([1]), jwt('x')])(
    'may be nothing: %j',
    (text) => {
      expect(readClaims(text)).toMatchObject({ person: undefined, expires: undefined });
    },
  );
});

it.each(['', 'verbose'])(
  'loads Microsoft’s library at the first call that needs it, and not for people; its log is %j',
  async (level) => {
    const script = `
    import { registerHooks } from 'node:module';
    let loaded = 0;
    registerHooks({ resolve(name, context, next) { if (name === '@azure/identity') loaded += 1; return next(name, context); } });
    const { default: azure } = await import(${JSON.stringify(new URL('../../../src/connectors/azure/index.ts', import.meta.url).href)});
    const { entra } = azure.connect({ clock: { now: () => 0, monotonic: () => 0, sleep: () => new Promise(() => {}) }, env: {}, implicit: { allow: [] } });
    const place = { environment: 'public', authorityHost: 'http://127.0.0.1:9' };
    const text = { reveal: () => 'planted-secret' };
    const app = { tenantId: 't', clientId: 'c', secret: text, refreshToken: text };
    const signal = new AbortController().signal;
    const failing = async (work) => await work.catch((error) => error.code);
    const person = [await failing(entra.refresh(app, { scope: 's/.default' }, place, signal)), loaded];
    const robot = [await failing(entra.clientSecret(app, { scope: 's/.default' }, place, signal)), loaded];
    console.log(JSON.stringify([person, robot]));
  `;
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', script],
      { env: { ...process.env, AZURE_LOG_LEVEL: level } },
    );
    expect(JSON.parse(stdout)).toEqual([
      ['UPSTREAM_UNAVAILABLE', 0],
      ['UPSTREAM_UNAVAILABLE', 1],
    ]);
    // Who asks for the library’s log gets it, and no secret with it.
    expect(stderr !== '').toBe(level !== '');
    expect(stderr).not.toContain('planted');
  },
);
