import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { CLOUD, EMAIL_SCOPE, refusalOf, signed, startBed, STORAGE_READ, textOf } from './setup.ts';

it('publishes its key as a set and as a certificate', async () => {
  const bed = await startBed();
  const claims = bed.claims({ scope: undefined, target_audience: 'https://a.example' });
  const token = textOf(await bed.bearer(signed(bed.file, claims)), 'id_token');
  const set = await bed.get('/oauth2/v3/certs');
  expect(set.headers.get('cache-control')).toContain('max-age=');
  const [key] = set.body['keys'] as readonly { readonly kid: string }[];
  const { body } = await bed.get('/oauth2/v1/certs');
  expect(Object.keys(body)).toEqual([key?.kid]);
  const certificate = new X509Certificate(String(body[key?.kid ?? '']));
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.publicKey.export({ format: 'jwk' })).toMatchObject({
    n: (key as unknown as { n: string }).n,
  });
  const header: unknown = JSON.parse(
    Buffer.from(token.split('.')[0] ?? '', 'base64url').toString(),
  );
  expect(header).toMatchObject({ alg: 'RS256', kid: key?.kid });
});

it('says what a token is, as texts', async () => {
  const bed = await startBed();
  const token = await bed.token(`${CLOUD} ${EMAIL_SCOPE}`);
  await bed.clock.advance(99_000);
  const { body } = await bed.get(`/tokeninfo?access_token=${token}`);
  expect(body).toEqual({
    azp: bed.robot.uniqueId,
    aud: bed.robot.uniqueId,
    sub: bed.robot.uniqueId,
    scope: `${CLOUD} ${EMAIL_SCOPE}`,
    exp: String(bed.seconds(3500)),
    expires_in: '3500',
    email: bed.robot.email,
    email_verified: 'true',
    access_type: 'online',
  });
  const quiet = await bed.get(`/tokeninfo?access_token=${await bed.token(STORAGE_READ)}`);
  expect(quiet.body).not.toHaveProperty('email');
  expect(refusalOf(await bed.get('/tokeninfo?access_token=no'))).toBe('400 invalid_token');
  await bed.clock.advance(3_500_000);
  const late = await bed.get(`/tokeninfo?access_token=${token}`);
  expect(refusalOf(late)).toBe('400 invalid_token');
});

it('says who a bearer is', async () => {
  const bed = await startBed();
  const { body } = await bed.get('/oauth2/v1/userinfo', await bed.token(EMAIL_SCOPE));
  expect(body).toEqual({ id: bed.robot.uniqueId, email: bed.robot.email, verified_email: true });
  expect(refusalOf(await bed.get('/oauth2/v1/userinfo'))).toBe('401 UNAUTHENTICATED');
  expect(refusalOf(await bed.get('/oauth2/v1/userinfo', 'no'))).toBe('401 UNAUTHENTICATED');
});
