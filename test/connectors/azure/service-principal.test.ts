import { describe, expect, it } from 'vitest';

import { ALL_AADSTS } from './aadsts-rows.ts';
import {
  allOf,
  ARM,
  claimsOf,
  failureOf,
  issueBy,
  methodOf,
  openBed,
  STORAGE,
  total,
  type Ask,
  type Bed,
} from './bed.ts';

const METHOD = 'service-principal';

const issue = async (bed: Bed, ask: Partial<Ask> = {}) =>
  await issueBy(METHOD, bed, {
    secret: { client_secret: bed.clientSecret.value },
    ...ask,
    config: { ...bed.appConfig, ...ask.config },
  });

describe('tokens of a service principal', () => {
  it('are Entra’s, by the machine’s clock, at the cost of one call', async () => {
    const bed = await openBed();
    await bed.clock.advance(12 * 3_600_000);
    const token = await issue(bed);
    const { aud, exp, appid } = claimsOf(token.token);
    expect([aud, appid]).toEqual([ARM, bed.app.clientId]);
    expect(token).toMatchObject({
      kind: 'access-token',
      issuedAt: bed.clock.now(),
      expiresAt: Number(exp) * 1000,
      account: bed.tenant.id,
      scopes: [`${ARM}/.default`],
    });
    expect(bed.azure.calls.all()).toEqual({ 'entra:client-secret': 1 });
    expect(bed.azure.tokens.find(token.token)).toBeDefined();
  });

  it('are for what the client chose, else for the grant’s audience, else for the connector’s', async () => {
    const bed = await openBed();
    const config = { audiences: 'https://vault.azure.net,https://graph.microsoft.com' };
    const scope = { audiences: [STORAGE] };
    const chosen = await issue(bed, {
      config,
      scope,
      scopes: ['https://graph.microsoft.com/.default'],
    });
    const granted = await issue(bed, { config, scope });
    const own = await issue(bed, { config });
    expect([chosen, granted, own].map(({ token }) => claimsOf(token)['aud'])).toEqual([
      'https://graph.microsoft.com',
      STORAGE,
      'https://vault.azure.net',
    ]);
  });

  it.each([
    'https://storage.azure.com/',
    'https://storage.azure.com',
    'api://Team.App_1/x',
    '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d',
  ])('are asked for byte for byte: %s', async (audience) => {
    const bed = await openBed();
    bed.azure.directory.resources.add('api://Team.App_1/x');
    const scope = `${audience}/.default`;
    const token = await issue(bed, { scopes: [scope] });
    expect(bed.azure.log.map(({ scopes }) => scopes)).toEqual([[scope]]);
    expect(claimsOf(token.token)['aud']).toBe(audience);
  });

  it.each([
    [['a/.default', 'b/.default']],
    [[]],
    [['https://a.example/.default https://b.example/.default']],
    [['https://a.example"/.default']],
    [['x'.repeat(8192)]],
  ])('are for one audience: %j', async (scopes) => {
    const bed = await openBed();
    expect(await failureOf(issue(bed, { scopes }))).toMatchObject({ code: 'INPUT_INVALID' });
    expect(total(bed)).toBe(0);
  });

  it('are new ones each time: the broker remembers, not the library', async () => {
    const bed = await openBed();
    const tokens = [await issue(bed), await issue(bed)];
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(2);
    expect(total(bed)).toBe(2);
  });

  it('live no longer than they say themselves', async () => {
    const bed = await openBed();
    bed.azure.faults.add('entra:*', { kind: 'field', name: 'expires_in', value: 86_000 });
    const { token, expiresAt } = await issue(bed);
    expect(expiresAt).toBe(Number(claimsOf(token)['exp']) * 1000);
    bed.azure.faults.add('entra:*', { kind: 'field', name: 'expires_in', value: 60 });
    expect((await issue(bed)).expiresAt).toBe(bed.clock.now() + 60_000);
  });

  it('say that the clock is wrong when they have ended at once', async () => {
    const bed = await openBed();
    bed.azure.faults.add('entra:*', { kind: 'clock-skew', milliseconds: -3 * 3_600_000 });
    expect(await failureOf(issue(bed))).toMatchObject({ code: 'UPSTREAM_CLOCK_SKEW' });
  });

  it('of another directory need its name twice', async () => {
    const bed = await openBed();
    const other = bed.azure.directory.addTenant();
    bed.app.allowTenant(other.id);
    const config = { for_tenant: other.id };
    const { config: schema } = methodOf(METHOD);
    const lone = schema.safeParse({ ...bed.appConfig, ...config });
    expect(lone.error?.issues.map(({ path }) => path)).toEqual([['for_tenant']]);
    for (const allowed of [other.id, '*', [other.id.toUpperCase()]]) {
      const token = await issue(bed, {
        config: { ...config, additionally_allowed_tenants: allowed },
      });
      expect(claimsOf(token.token)['tid']).toBe(other.id);
      expect(token.account).toBe(other.id);
    }
  });
});

describe('what Entra refuses', () => {
  it('a wrong secret, without telling it', async () => {
    const bed = await openBed();
    const wrong = 'not~the.secret-at-all_0123456789012345678';
    const error = await failureOf(issue(bed, { secret: { client_secret: wrong } }));
    expect(error).toMatchObject({
      code: 'UPSTREAM_BAD_CREDENTIAL',
      upstreamCode: 'AADSTS7000215',
      hint: expect.stringMatching(/connector update/),
    });
    expect(allOf(error)).not.toContain(wrong);
    expect(allOf(error)).toContain('Invalid client secret');
    expect(total(bed)).toBe(1);
  });

  it('an expired secret, an unknown application, directory and resource, a disabled application', async () => {
    const bed = await openBed();
    const stale = bed.app.addSecret({ expiresIn: 60 });
    await bed.clock.advance(61_000);
    const refusals = [
      issue(bed, { secret: { client_secret: stale.value } }),
      issue(bed, { config: { client_id: crypto.randomUUID() } }),
      issue(bed, { config: { tenant_id: crypto.randomUUID() } }),
      issue(bed, { scopes: ['https://no.example/.default'] }),
    ];
    const codes = (await Promise.all(refusals.map(failureOf))).map(
      ({ code, upstreamCode }) => `${upstreamCode} ${code}`,
    );
    expect(codes).toEqual([
      'AADSTS7000222 UPSTREAM_BAD_CREDENTIAL',
      'AADSTS700016 UPSTREAM_BAD_CREDENTIAL',
      'AADSTS90002 UPSTREAM_INVALID',
      'AADSTS500011 UPSTREAM_INVALID',
    ]);
    bed.app.disable();
    expect(await failureOf(issue(bed))).toMatchObject({ upstreamCode: 'AADSTS7000112' });
  });

  it.each(ALL_AADSTS)('AADSTS%i is %s', async (number, code, said) => {
    const bed = await openBed();
    const status = said.status ?? 400;
    bed.azure.faults.add('entra:*', { kind: 'error', code: `AADSTS${number}`, status });
    const error = await failureOf(issue(bed));
    expect(error).toMatchObject({ code, upstreamCode: `AADSTS${number}` });
    expect(error.hint).toEqual(said.hint);
    expect(total(bed)).toBe(1);
  });

  it.each([
    [429, 'UPSTREAM_THROTTLED'],
    [500, 'UPSTREAM_UNAVAILABLE'],
    [503, 'UPSTREAM_UNAVAILABLE'],
  ])('with status %i is %s, after one call', async (status, code) => {
    const bed = await openBed();
    bed.azure.faults.add('entra:*', { kind: 'error', status, retryAfterSeconds: 7 });
    expect(await failureOf(issue(bed))).toMatchObject({ code });
    expect(total(bed)).toBe(1);
  });

  it.each(['malformed', 'html', 'empty', 'oversized'] as const)(
    'an answer that is %s is no token',
    async (body) => {
      const bed = await openBed();
      bed.azure.faults.add('entra:*', { kind: 'body', body });
      expect(await failureOf(issue(bed))).toMatchObject({ code: 'UPSTREAM_MALFORMED' });
      expect(total(bed)).toBe(1);
    },
  );

  it.each([
    ['access_token', undefined],
    ['access_token', 'a b'],
    ['expires_in', undefined],
    ['expires_in', -5],
    ['expires_in', 'soon'],
    ['token_type', 'pop'],
  ])('an answer whose %s is %j is no token', async (name, value) => {
    const bed = await openBed();
    bed.azure.faults.add('entra:*', { kind: 'field', name, value });
    const error = await failureOf(issue(bed));
    expect(error).toMatchObject({ code: 'UPSTREAM_MALFORMED' });
    expect(allOf(error)).not.toMatch(/eyJ/);
  });

  it('a connection that is reset, or refused', async () => {
    const bed = await openBed();
    bed.azure.faults.add('entra:*', { kind: 'reset' }, 1);
    expect(await failureOf(issue(bed))).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    await bed.azure.faults.down();
    const error = await failureOf(issue(bed));
    expect(error).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', upstreamCode: 'ECONNREFUSED' });
    expect(allOf(error)).not.toContain(bed.clientSecret.value);
    await bed.azure.faults.up();
    await issue(bed);
  });
});

describe('time', () => {
  it('is up after ten seconds without an answer', async () => {
    const bed = await openBed();
    bed.azure.faults.add('entra:*', { kind: 'hang' });
    const failing = failureOf(issue(bed));
    await arrived(bed);
    await bed.clock.advance(10_000);
    expect(await failing).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  });

  it('ends at once when it is no longer wanted', async () => {
    const bed = await openBed();
    bed.azure.faults.add('entra:*', { kind: 'hang' });
    const enough = new AbortController();
    const failing = issue(bed, { signal: enough.signal });
    await arrived(bed);
    const reason = new Error('enough');
    enough.abort(reason);
    await expect(failing).rejects.toBe(reason);
  });
});

async function arrived(bed: Bed): Promise<void> {
  while (total(bed) === 0) await new Promise((resolve) => setImmediate(resolve));
}
