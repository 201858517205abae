import { generateKeyPairSync } from 'node:crypto';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { describe, expect, it } from 'vitest';
import { CLOUD, EMAIL_SCOPE, refusalOf, signed, startBed, STORAGE_READ, textOf } from './setup.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

describe('an assertion for an access token', () => {
  it('gives an hour less a second, of the scopes asked for', async () => {
    const bed = await startBed();
    const scope = `${CLOUD} ${EMAIL_SCOPE}`;
    const answer = await bed.bearer(signed(bed.file, bed.claims({ scope })));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toEqual({
      access_token: expect.stringMatching(/^ya29\./),
      expires_in: 3599,
      token_type: 'Bearer',
    });
    expect(bed.google.tokens.find(textOf(answer, 'access_token'))).toMatchObject({
      principal: { kind: 'service-account', email: bed.robot.email },
      scopes: [CLOUD, EMAIL_SCOPE],
      via: 'oauth2:jwt-bearer',
      expiresAt: bed.clock.now() + 3_599_000,
    });
    expect(bed.google.calls.all()).toEqual({ 'oauth2:jwt-bearer': 1 });
    expect(bed.google.log).toMatchObject([
      { principal: bed.robot.email, scopes: [CLOUD, EMAIL_SCOPE], status: 200, code: undefined },
    ]);
    expect(JSON.stringify(bed.google.log)).not.toContain('ya29.');
  });

  it('takes its own address as audience, a key without an id, and the unique id as issuer', async () => {
    const bed = await startBed();
    const aud = `${bed.google.url}/token`;
    expect((await bed.bearer(signed(bed.file, bed.claims({ aud })))).status).toBe(200);
    // google-auth-library writes no kid.
    const bare = signed(bed.file, bed.claims(), { kid: undefined });
    expect((await bed.bearer(bare)).status).toBe(200);
    const byId = signed(bed.file, bed.claims({ iss: bed.robot.uniqueId }));
    expect((await bed.bearer(byId)).status).toBe(200);
  });

  it.each([
    { name: 'another audience', claims: { aud: 'https://oauth2.example/token' } },
    {
      name: 'an audience with a slash too many',
      claims: { aud: 'https://oauth2.googleapis.com/token/' },
    },
    { name: 'an unknown account', claims: { iss: 'nobody@demo.iam.gserviceaccount.com' } },
    { name: 'no issuer', claims: { iss: undefined } },
    { name: 'no scope', claims: { scope: undefined }, code: 'invalid_scope' },
    { name: 'an empty scope', claims: { scope: '' }, code: 'invalid_scope' },
    {
      name: 'an unknown scope',
      claims: { scope: 'https://www.googleapis.com/auth/none' },
      code: 'invalid_scope',
    },
    {
      name: 'two spaces between scopes',
      claims: { scope: `${CLOUD}  ${EMAIL_SCOPE}` },
      code: 'invalid_scope',
    },
    {
      name: 'scopes with a comma',
      claims: { scope: `${CLOUD},${EMAIL_SCOPE}` },
      code: 'invalid_scope',
    },
    {
      name: 'a scope and an audience',
      claims: { target_audience: 'https://a.example' },
      code: 'invalid_scope',
    },
  ])('refuses $name', async ({ claims, code = 'invalid_grant' }) => {
    const bed = await startBed();
    const answer = await bed.bearer(signed(bed.file, bed.claims(claims)));
    expect(refusalOf(answer)).toBe(`400 ${code}`);
    expect(bed.google.tokens.issued()).toEqual([]);
    expect(bed.google.log).toMatchObject([{ status: 400, code }]);
  });

  it.each([
    { name: 'longer than an hour', iat: 0, exp: 3601 },
    { name: 'issued six minutes ahead', iat: 360, exp: 3900 },
    { name: 'over for six minutes', iat: -3900, exp: -360 },
    { name: 'that ends before it begins', iat: 10, exp: 5 },
    { name: 'with times of fractions', iat: 0.5, exp: 100.5 },
  ])('refuses one $name', async ({ iat, exp }) => {
    const bed = await startBed();
    const assertion = signed(
      bed.file,
      bed.claims({ iat: bed.seconds() + iat, exp: bed.seconds() + exp }),
    );
    const answer = await bed.bearer(assertion);
    expect(refusalOf(answer)).toBe('400 invalid_grant');
    expect(answer.body['error_description']).toBe(
      'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
    );
  });

  it('lets two clocks differ by five minutes, and judges by its own', async () => {
    const bed = await startBed();
    const ahead = { iat: bed.seconds(300), exp: bed.seconds(3900) };
    expect((await bed.bearer(signed(bed.file, bed.claims(ahead)))).status).toBe(200);
    bed.google.faults.add('oauth2:*', { kind: 'clock-skew', milliseconds: -3_600_000 }, 1);
    const skewed = await bed.bearer(signed(bed.file, bed.claims()));
    expect(refusalOf(skewed)).toBe('400 invalid_grant');
    expect(Date.parse(skewed.headers.get('date') ?? '')).toBe(bed.clock.now() - 3_600_000);
    expect((await bed.bearer(signed(bed.file, bed.claims()))).status).toBe(200);
  });

  it('refuses a revoked key, a strange key, another algorithm and what is no JWT', async () => {
    const bed = await startBed();
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const forged = await bed.bearer(signed({ ...bed.file, private_key: pem }, bed.claims()));
    expect(forged.body).toEqual({
      error: 'invalid_grant',
      error_description: 'Invalid JWT Signature.',
    });
    const unnamed = signed(bed.file, bed.claims(), { kid: 'f'.repeat(40) });
    expect(refusalOf(await bed.bearer(unnamed))).toBe('400 invalid_grant');
    const none = signed(bed.file, bed.claims(), { alg: 'none' });
    expect(refusalOf(await bed.bearer(none))).toBe('400 invalid_grant');
    for (const assertion of ['nothing', 'a.b.c', 'e30.e30.']) {
      expect(refusalOf(await bed.bearer(assertion))).toBe('400 invalid_grant');
    }
    const second = bed.robot.keyFile();
    bed.robot.revokeKey(bed.file.private_key_id);
    const late = await bed.bearer(signed(bed.file, bed.claims()));
    expect(late.body['error_description']).toBe('Invalid JWT Signature.');
    expect((await bed.bearer(signed(second, bed.claims()))).status).toBe(200);
  });

  it('refuses a disabled and a deleted account, whose tokens end too', async () => {
    const bed = await startBed();
    const token = await bed.token();
    bed.robot.disable();
    expect(refusalOf(await bed.bearer(signed(bed.file, bed.claims())))).toBe('400 invalid_grant');
    expect((await bed.get('/oauth2/v1/userinfo', token)).status).toBe(401);
    bed.robot.enable();
    expect((await bed.get('/oauth2/v1/userinfo', token)).status).toBe(200);
    bed.robot.delete();
    const gone = await bed.bearer(signed(bed.file, bed.claims()));
    expect(gone.body['error_description']).toBe('Invalid grant: account not found');
  });
});

describe('an assertion for an identity token', () => {
  it('gives one that the published keys verify', async () => {
    const bed = await startBed();
    const target_audience = 'https://a.example/x?y=1';
    const answer = await bed.bearer(
      signed(bed.file, bed.claims({ scope: undefined, target_audience })),
    );
    expect(Object.keys(answer.body)).toEqual(['id_token']);
    const { body: keys } = await bed.get('/oauth2/v3/certs');
    const { payload, protectedHeader } = await jwtVerify(
      textOf(answer, 'id_token'),
      createLocalJWKSet(keys as unknown as JSONWebKeySet),
      {
        audience: target_audience,
        issuer: 'https://accounts.google.com',
        currentDate: new Date(bed.clock.now()),
      },
    );
    expect(protectedHeader.alg).toBe('RS256');
    expect(payload).toMatchObject({
      azp: bed.robot.email,
      sub: bed.robot.uniqueId,
      email: bed.robot.email,
      email_verified: true,
      iat: bed.seconds(),
      exp: bed.seconds(3600),
    });
  });

  it('refuses an empty audience and one that is no text', async () => {
    const bed = await startBed();
    for (const target_audience of ['', 5, ['https://a.example']]) {
      const claims = bed.claims({ scope: undefined, target_audience });
      expect(refusalOf(await bed.bearer(signed(bed.file, claims)))).toBe('400 invalid_scope');
    }
  });
});

describe('an assertion for somebody else', () => {
  it('needs domain-wide delegation of every scope', async () => {
    const bed = await startBed();
    const sub = bed.google.accounts.addUser({
      email: 'ann@example.com',
      consentedScopes: [CLOUD],
    }).email;
    const ask = (scope: string, subject = sub) =>
      bed.bearer(signed(bed.file, bed.claims({ sub: subject, scope })));
    expect(refusalOf(await ask(STORAGE_READ))).toBe('401 unauthorized_client');
    bed.google.accounts.domainWideDelegation(bed.robot.uniqueId, [STORAGE_READ]);
    const answer = await ask(STORAGE_READ);
    expect(bed.google.tokens.find(textOf(answer, 'access_token'))?.principal).toMatchObject({
      kind: 'user',
      email: sub,
    });
    expect(refusalOf(await ask(`${STORAGE_READ} ${CLOUD}`))).toBe('401 unauthorized_client');
    expect(refusalOf(await ask(STORAGE_READ, 'bob@example.com'))).toBe('400 invalid_grant');
    expect(bed.google.log.map(({ principal }) => principal)).toEqual([
      bed.robot.email,
      sub,
      bed.robot.email,
      bed.robot.email,
    ]);
    // Itself needs nobody's leave.
    expect((await ask(CLOUD, bed.robot.email)).status).toBe(200);
  });
});

describe('the form of a token request', () => {
  it('is a form, with each field once', async () => {
    const bed = await startBed();
    const assertion = signed(bed.file, bed.claims());
    expect(refusalOf(await bed.post('/token', { grant_type: GRANT, assertion }))).toBe(
      '400 invalid_request',
    );
    const twice = new URLSearchParams([
      ['grant_type', GRANT],
      ['assertion', assertion],
      ['assertion', assertion],
    ]);
    const doubled = await bed.send('/token', { method: 'POST', body: twice });
    expect(refusalOf(doubled)).toBe('400 invalid_request');
    expect(refusalOf(await bed.form('/token', { grant_type: GRANT }))).toBe('400 invalid_request');
    expect(refusalOf(await bed.form('/token', { assertion }))).toBe('400 invalid_request');
    const odd = await bed.form('/token', { grant_type: 'password', assertion });
    expect(refusalOf(odd)).toBe('400 unsupported_grant_type');
    expect(refusalOf(await bed.get('/token'))).toBe('404 NOT_FOUND');
    expect(bed.google.tokens.issued()).toEqual([]);
  });
});
