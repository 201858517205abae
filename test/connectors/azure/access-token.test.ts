import { describe, expect, it } from 'vitest';

import {
  ARM,
  failureOf,
  issueBy,
  methodOf,
  openBed,
  prepared,
  STORAGE,
  total,
  type Ask,
  type Bed,
} from './bed.ts';

const METHOD = 'access-token';

async function storedBed(audience = STORAGE) {
  const bed = await openBed();
  const secret = { client_secret: bed.clientSecret.value };
  const scopes = [`${audience}/.default`];
  const { token, expiresAt } = await issueBy('service-principal', bed, {
    config: bed.appConfig,
    secret,
    scopes,
  });
  return { ...bed, token, expiresAt, before: total(bed) };
}

const issue = async (
  bed: Bed & { readonly token: string; readonly expiresAt: number },
  ask: Partial<Ask> = {},
) =>
  await issueBy(METHOD, bed, {
    secret: { token: bed.token },
    expiresAt: bed.expiresAt,
    ...ask,
  });

describe('a stored access token', () => {
  it('serves its service by each of its names, and one account by the token for all', async () => {
    const arm = await storedBed('https://management.core.windows.net/');
    const named = await issue(arm, { scopes: [`${ARM}/.default`] });
    expect(named.token).toBe(arm.token);
    const storage = await storedBed(`${STORAGE}/`);
    const one = 'https://acmedata.blob.core.windows.net/.default';
    expect((await issue(storage, { scopes: [one] })).token).toBe(storage.token);
    const narrow = await storedBed('https://acmedata.blob.core.windows.net');
    expect(await failureOf(issue(narrow, { scopes: [`${STORAGE}/.default`] }))).toMatchObject({
      code: 'SCOPE_NOT_GRANTED',
    });
  });

  it('is handed on for its own audience, and tells whose it is', async () => {
    const bed = await storedBed();
    const { input } = prepared(METHOD, bed, { secret: { token: bed.token } });
    expect(input.config).toMatchObject({
      tenant_id: bed.tenant.id,
      client_id: bed.app.clientId,
      object_id: bed.app.objectId,
      audience: STORAGE,
    });
    for (const scopes of [undefined, [`${STORAGE}/.default`], [`${STORAGE}//.default`]]) {
      const issued = await issue(bed, { scopes });
      expect(issued).toMatchObject({ token: bed.token, expiresAt: bed.expiresAt });
    }
    expect(total(bed)).toBe(bed.before);
  });

  it('is not given for another audience, whatever the configuration says', async () => {
    const bed = await storedBed();
    const config = { audience: ARM };
    const elsewhere = { scopes: [`${ARM}/.default`] };
    for (const ask of [elsewhere, { ...elsewhere, config }, { scope: { audiences: [ARM] } }]) {
      expect(await failureOf(issue(bed, ask))).toMatchObject({
        code: 'SCOPE_NOT_GRANTED',
        reason: expect.stringContaining(STORAGE),
      });
    }
  });

  it('fits a grant for its own audience alone', async () => {
    const bed = await storedBed();
    const method = methodOf(METHOD);
    const { input } = prepared(METHOD, bed, { secret: { token: bed.token } });
    expect(method.narrows(input.config, { audiences: [`${STORAGE}/`] })).toBe(true);
    expect(method.narrows(input.config, { audiences: [ARM] })).toBe(false);
    expect(method.needsExpiry).toBe(true);
  });

  it('does not fit a grant for one account when it is for all of them, whoever asks', async () => {
    const bed = await storedBed();
    const account = 'https://acmedata.blob.core.windows.net';
    const grant = { audiences: [account] };
    const { input } = prepared(METHOD, bed, { secret: { token: bed.token } });
    expect(methodOf(METHOD).narrows(input.config, grant)).toBe(false);
    // A configuration that is older than the token, too.
    const config = { audience: account };
    for (const scopes of [undefined, [`${account}/.default`]]) {
      expect(await failureOf(issue(bed, { config, scope: grant, scopes }))).toMatchObject({
        code: 'SCOPE_NOT_GRANTED',
      });
    }
    expect((await issue(bed, { scope: { audiences: [`${STORAGE}/`, ARM] } })).token).toBe(
      bed.token,
    );
  });

  it('is not served after its end: neither the registered one nor its own', async () => {
    const bed = await storedBed();
    const sooner = bed.clock.now() + 60_000;
    expect((await issue(bed, { expiresAt: sooner })).expiresAt).toBe(sooner);
    const never = bed.expiresAt + 86_400_000;
    expect((await issue(bed, { expiresAt: never })).expiresAt).toBe(bed.expiresAt);
    await bed.clock.advance(bed.expiresAt - bed.clock.now());
    expect(await failureOf(issue(bed, { expiresAt: never }))).toMatchObject({
      code: 'CREDENTIAL_EXPIRED',
    });
  });

  it('need not be a JWT', async () => {
    const bed = { ...(await storedBed()), token: 'opaque-token' };
    const config = { audience: STORAGE };
    expect(await issue(bed, { config })).toMatchObject({ token: 'opaque-token', principal: '' });
    expect(await failureOf(issue(bed, { config, expiresAt: undefined }))).toMatchObject({
      code: 'CREDENTIAL_EXPIRED',
    });
    // Nothing says what it is for: what az gives out unasked.
    expect(await issue(bed, { scopes: [`${ARM}/.default`] })).toBeDefined();
    expect(await failureOf(issue(bed, { scopes: [`${STORAGE}/.default`] }))).toMatchObject({
      code: 'SCOPE_NOT_GRANTED',
    });
  });
});
