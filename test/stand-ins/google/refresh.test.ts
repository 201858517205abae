import { decodeJwt } from 'jose';
import { expect, it } from 'vitest';
import type { User } from '../../../src/stand-ins/google/accounts.ts';
import { CLOUD, EMAIL_SCOPE, refusalOf, startBed, STORAGE_READ, textOf } from './setup.ts';
import type { Bed } from './setup.ts';

async function startUserBed(consentedScopes: readonly string[] = [CLOUD, EMAIL_SCOPE, 'openid']) {
  const bed = await startBed();
  const user = bed.google.accounts.addUser({ email: 'ann@example.com', consentedScopes });
  return { ...bed, user, refresh: (more = {}) => refresh(bed, user, more) };
}

function refresh(bed: Bed, user: User, more: Readonly<Record<string, string>>) {
  const { refresh_token, client_id, client_secret } = user.authorizedUser();
  return bed.form('/token', {
    grant_type: 'refresh_token',
    refresh_token,
    client_id: String(client_id),
    client_secret: String(client_secret),
    ...more,
  });
}

it('gives the consented scopes, and an identity token for the client that asks', async () => {
  const bed = await startUserBed();
  const answer = await bed.refresh();
  expect(answer.body).toEqual({
    access_token: expect.stringMatching(/^ya29\.a0\./),
    expires_in: 3599,
    scope: `${CLOUD} ${EMAIL_SCOPE} openid`,
    token_type: 'Bearer',
    id_token: expect.any(String),
  });
  expect(decodeJwt(textOf(answer, 'id_token'))).toMatchObject({
    iss: 'https://accounts.google.com',
    aud: bed.user.client.clientId,
    azp: bed.user.client.clientId,
    sub: bed.user.uniqueId,
    email: 'ann@example.com',
  });
  expect(bed.google.calls.count('oauth2:refresh-token')).toBe(1);
});

it('gives no identity token where nobody consented to one', async () => {
  const bed = await startUserBed([CLOUD]);
  expect((await bed.refresh()).body).not.toHaveProperty('id_token');
});

it('gives fewer scopes on request, and never more', async () => {
  const bed = await startUserBed();
  const narrow = await bed.refresh({ scope: CLOUD });
  expect(narrow.body).toMatchObject({ scope: CLOUD });
  expect(narrow.body).not.toHaveProperty('id_token');
  expect(refusalOf(await bed.refresh({ scope: STORAGE_READ }))).toBe('400 invalid_scope');
  expect(refusalOf(await bed.refresh({ scope: `${CLOUD} x` }))).toBe('400 invalid_scope');
});

it('knows its clients, in the body and as HTTP Basic', async () => {
  const bed = await startUserBed();
  const other = bed.google.accounts.addClient();
  expect(refusalOf(await bed.refresh({ client_secret: 'wrong' }))).toBe('401 invalid_client');
  expect(refusalOf(await bed.refresh({ client_secret: '' }))).toBe('401 invalid_client');
  expect(refusalOf(await bed.refresh({ client_id: 'nobody' }))).toBe('401 invalid_client');
  expect(refusalOf(await bed.refresh({ client_id: '' }))).toBe('400 invalid_request');
  const stolen = { client_id: other.clientId, client_secret: other.clientSecret };
  expect(refusalOf(await bed.refresh(stolen))).toBe('401 unauthorized_client');
  const { refresh_token } = bed.user.authorizedUser();
  const { clientId, clientSecret } = bed.user.client;
  const basic = await bed.send('/token', {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token }),
  });
  expect(basic.status).toBe(200);
});

it('refuses a token it never gave, and one that was revoked, whose access tokens end too', async () => {
  const bed = await startUserBed();
  expect(refusalOf(await bed.refresh({ refresh_token: '1//0nothing' }))).toBe('400 invalid_grant');
  const token = textOf(await bed.refresh(), 'access_token');
  bed.user.revoke();
  expect((await bed.refresh()).body).toEqual({
    error: 'invalid_grant',
    error_description: 'Token has been expired or revoked.',
  });
  expect((await bed.get('/oauth2/v1/userinfo', token)).status).toBe(401);
});

it('asks for the password again with invalid_rapt', async () => {
  const bed = await startUserBed();
  bed.user.requireReauth();
  const answer = await bed.refresh();
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({ error: 'invalid_grant', error_subtype: 'invalid_rapt' });
  bed.user.requireReauth(false);
  expect((await bed.refresh()).status).toBe(200);
});
