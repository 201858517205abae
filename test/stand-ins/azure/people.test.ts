import { expect, test } from 'vitest';
import { AZURE_CLI } from '../../../src/stand-ins/azure/directory.ts';
import { ARM, claimsOf, refusalOf, startBed, textOf } from './setup.ts';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

async function personBed() {
  const bed = await startBed();
  const ada = bed.azure.directory.addUser({ tenant: bed.tenant.id, upn: 'ada@example.com' });
  const refresh = (token: string, more: Record<string, string> = {}, segment?: string) =>
    bed.ask(
      {
        grant_type: 'refresh_token',
        client_id: AZURE_CLI,
        refresh_token: token,
        scope: `${ARM}/.default offline_access openid profile`,
        ...more,
      },
      segment,
    );
  return { ...bed, ada, refresh };
}

test('a refresh token gives a token for the person and a new refresh token; the old one goes on', async () => {
  const bed = await personBed();
  const first = bed.ada.refreshToken();
  const answer = await bed.refresh(first);
  expect(claimsOf(textOf(answer, 'access_token'))).toMatchObject({
    aud: ARM,
    oid: bed.ada.objectId,
    upn: 'ada@example.com',
    appid: AZURE_CLI,
    idtyp: 'user',
    scp: 'user_impersonation',
  });
  expect(claimsOf(textOf(answer, 'id_token'))).toMatchObject({
    aud: AZURE_CLI,
    preferred_username: 'ada@example.com',
    tid: bed.tenant.id,
  });
  const second = textOf(answer, 'refresh_token');
  expect(second).not.toBe(first);
  expect((await bed.refresh(second, {}, 'organizations')).status).toBe(200);
  expect((await bed.refresh(first)).status).toBe(200);
});

test('what an administrator does to the account ends or stops refreshing', async () => {
  const bed = await personBed();
  const token = bed.ada.refreshToken();
  bed.ada.requireMfa();
  const mfa = await bed.refresh(token);
  expect(refusalOf(mfa)).toBe('400 invalid_grant AADSTS50076');
  expect(mfa.body['suberror']).toBe('basic_action');
  bed.ada.requireMfa(false);
  bed.ada.block();
  const blocked = await bed.refresh(token);
  expect(refusalOf(blocked)).toBe('400 invalid_grant AADSTS53003');
  expect(JSON.parse(textOf(blocked, 'claims'))).toHaveProperty('access_token.capolids.essential');
  bed.ada.block(false);
  expect((await bed.refresh(token)).status).toBe(200);
  bed.ada.revoke();
  expect(refusalOf(await bed.refresh(token))).toBe('400 invalid_grant AADSTS50173');
  const fresh = bed.ada.refreshToken();
  expect((await bed.refresh(fresh)).status).toBe(200);
  bed.ada.disable();
  expect(refusalOf(await bed.refresh(fresh))).toBe('400 invalid_grant AADSTS50057');
});

test('90 days without use, an unknown token, another client, another tenant', async () => {
  const bed = await personBed();
  const token = bed.ada.refreshToken();
  const other = bed.azure.directory.addApp({
    tenant: bed.tenant.id,
    name: 'tool',
    publicClient: true,
  });
  expect(refusalOf(await bed.refresh(token, { client_id: other.clientId }))).toBe(
    '400 invalid_grant AADSTS70000',
  );
  expect(refusalOf(await bed.refresh('1.Anothing'))).toBe('400 invalid_grant AADSTS9002313');
  bed.azure.directory.addTenant({ domain: 'other.example' });
  expect(refusalOf(await bed.refresh(token, {}, 'other.example'))).toBe(
    '400 invalid_grant AADSTS50034',
  );
  expect(refusalOf(await bed.refresh(token, { client_id: bed.app.clientId }))).toBe(
    '401 invalid_client AADSTS7000218',
  );
  expect(
    refusalOf(
      await bed.refresh(token, { scope: `${ARM}/.default https://vault.azure.net/.default` }),
    ),
  ).toBe('400 invalid_scope AADSTS28000');
  bed.clock.step(90 * 24 * 3600 * 1000);
  expect(refusalOf(await bed.refresh(token))).toBe('400 invalid_grant AADSTS700082');
});

async function deviceBed() {
  const bed = await personBed();
  const started = await bed.form('/organizations/oauth2/v2.0/devicecode', {
    client_id: AZURE_CLI,
    scope: `${ARM}/.default offline_access`,
  });
  const code = textOf(started, 'device_code');
  const poll = (more: Record<string, string> = {}) =>
    bed.ask(
      { grant_type: DEVICE_CODE, client_id: AZURE_CLI, device_code: code, ...more },
      'organizations',
    );
  return { ...bed, started, userCode: textOf(started, 'user_code'), poll };
}

test('a guest gets tokens of the other tenant', async () => {
  const bed = await personBed();
  const other = bed.azure.directory.addTenant({ domain: 'other.example' });
  const objectId = bed.ada.inviteTo(other.id);
  const answer = await bed.refresh(bed.ada.refreshToken(), {}, other.id);
  expect(claimsOf(textOf(answer, 'access_token'))).toMatchObject({ tid: other.id, oid: objectId });
});

test('a person confirms the code on the screen; once', async () => {
  const bed = await deviceBed();
  expect(bed.started.body).toMatchObject({ expires_in: 900, interval: 5 });
  expect(bed.azure.devices.waiting()).toEqual([bed.userCode]);
  expect(refusalOf(await bed.poll())).toBe('400 authorization_pending AADSTS70016');
  expect(refusalOf(await bed.poll())).toMatch(/^400 slow_down/);
  await bed.clock.advance(5_000);
  expect(refusalOf(await bed.poll())).toBe('400 authorization_pending AADSTS70016');
  bed.azure.devices.confirm(bed.userCode, 'ada@example.com');
  const answer = await bed.poll();
  expect(claimsOf(textOf(answer, 'access_token'))['upn']).toBe('ada@example.com');
  expect((await bed.refresh(textOf(answer, 'refresh_token'))).status).toBe(200);
  expect(refusalOf(await bed.poll())).toMatch(/^400 bad_verification_code/);
});

test('the person denies, or does nothing for too long', async () => {
  const bed = await deviceBed();
  bed.azure.devices.deny(bed.userCode);
  expect(refusalOf(await bed.poll())).toMatch(/^400 authorization_declined/);
  const slow = await deviceBed();
  slow.clock.step(900_000);
  expect(refusalOf(await slow.poll())).toBe('400 expired_token AADSTS70020');
  const unknown = await bed.poll({ device_code: 'D0' });
  expect(refusalOf(unknown)).toMatch(/^400 bad_verification_code/);
});
