import { describe, expect, it } from 'vitest';

import type { LoginFlow, LoginResult } from '../../../src/connectors/contract.ts';
import { ValetkeyError } from '../../../src/core/errors.ts';
import { secret } from '../../../src/core/secret.ts';
import {
  allOf,
  claimsOf,
  failureOf,
  issueBy,
  openBed,
  prepared,
  STORAGE,
  total,
  type Ask,
  type Bed,
} from './bed.ts';

const METHOD = 'user-account';

const loggedIn = ({ person }: Bed) => ({ refresh_token: secret(person.refreshToken()) });

const issue = async (bed: Bed, ask: Partial<Ask> = {}) =>
  await issueBy(METHOD, bed, { login: loggedIn(bed), ...ask });

async function startLogin(bed: Bed, config: Ask['config'] = {}): Promise<LoginFlow> {
  const { method, input } = prepared(METHOD, bed, { config });
  const flow = await method.login?.(input);
  if (flow === undefined) throw new Error('there is nothing to log in to');
  return flow;
}

/** Lets time pass until `work` has come to its end. */
async function settled<T>({ clock }: Bed, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const end = (): void => over.abort();
  work.then(end, end);
  while (!over.signal.aborted) {
    await clock.advance(1_000);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  }
  return await work;
}

const never = (): AbortSignal => new AbortController().signal;

describe('a login with a device code', () => {
  it('is confirmed by the person in a browser, and kept', async () => {
    const bed = await openBed();
    const flow = await startLogin(bed);
    const [userCode] = bed.azure.devices.waiting();
    expect(flow.prompt).toEqual({
      kind: 'device',
      url: 'https://microsoft.com/devicelogin',
      userCode,
      expiresAt: bed.clock.now() + 900_000,
    });
    const finishing = flow.finish(undefined, never());
    await bed.clock.advance(12_000);
    bed.azure.devices.confirm(String(userCode), bed.person.upn);
    const result = await settled(bed, finishing);
    expect(Object.keys(result.fields)).toEqual(['refresh_token']);
    expect(JSON.stringify(result)).not.toContain(bed.azure.directory.refreshTokens.issued()[0]);
    expect(result.expiresAt - bed.clock.now()).toBeGreaterThan(89 * 86_400_000);
    const token = await issue(bed, { login: result.fields });
    expect(token).toMatchObject({ principal: bed.person.upn, account: bed.tenant.id });
  });

  it('goes on while Entra cannot be reached for the moment', async () => {
    const bed = await openBed();
    const flow = await startLogin(bed);
    const [userCode] = bed.azure.devices.waiting();
    bed.azure.faults.add('entra:*', { kind: 'reset' }, 2);
    bed.azure.devices.confirm(String(userCode), bed.person.upn);
    await settled(bed, flow.finish(undefined, never()));
  });

  it.each([
    ['deny', 'UPSTREAM_DENIED', 'AADSTS70017'],
    ['expire', 'LOGIN_REQUIRED', 'AADSTS70020'],
  ] as const)('that the person lets %s is %s', async (what, code, upstreamCode) => {
    const bed = await openBed();
    const flow = await startLogin(bed);
    bed.azure.devices[what](String(bed.azure.devices.waiting()[0]));
    const error = await settled(bed, failureOf(flow.finish(undefined, never())));
    expect(error).toMatchObject({ code, upstreamCode });
  });

  it('ends with its code, and at once when the person gives up', async () => {
    const bed = await openBed();
    const given = await startLogin(bed);
    const enough = new AbortController();
    const stopped = given.finish(undefined, enough.signal);
    const reason = new Error('enough');
    enough.abort(reason);
    await expect(stopped).rejects.toBe(reason);
    bed.azure.faults.add('entra:*', { kind: 'error', code: 'AADSTS90033', status: 503 });
    const error = await settled(bed, failureOf(given.finish(undefined, never())));
    expect(error.code).toBe('LOGIN_REQUIRED');
  });

  it('says so when the application is no public client', async () => {
    const bed = await openBed();
    const config = { tenant_id: bed.tenant.id, client_id: bed.app.clientId };
    const flow = await startLogin(bed, config);
    bed.azure.devices.confirm(String(bed.azure.devices.waiting()[0]), bed.person.upn);
    const error = await settled(bed, failureOf(flow.finish(undefined, never())));
    expect(error).toMatchObject({ code: 'UPSTREAM_BAD_CREDENTIAL', upstreamCode: 'AADSTS7000218' });
  });
});

describe('tokens of a person', () => {
  it('are renewed without the person, at the cost of one call, and the newest login is kept', async () => {
    const bed = await openBed();
    const login = loggedIn(bed);
    const saved: LoginResult[] = [];
    const saveLogin = async (result: LoginResult): Promise<void> => void saved.push(result);
    const token = await issue(bed, { login, saveLogin, scopes: [`${STORAGE}/.default`] });
    expect(claimsOf(token.token)['aud']).toBe(STORAGE);
    expect(token).toMatchObject({ principal: bed.person.upn, scopes: [`${STORAGE}/.default`] });
    expect(bed.azure.calls.all()).toEqual({ 'entra:refresh': 1 });
    const kept = saved[0]?.fields['refresh_token']?.reveal();
    expect(kept).toBe(bed.azure.directory.refreshTokens.issued().at(-1));
    expect(kept).not.toBe(login.refresh_token.reveal());
    expect(saved[0]?.expiresAt).toBe(bed.clock.now() + 90 * 86_400_000);
    await issue(bed, { login: saved[0]?.fields });
  });

  it('are had even when the newest login cannot be kept', async () => {
    const bed = await openBed();
    const saveLogin = async (): Promise<void> => {
      throw new ValetkeyError('STORE_LOCKED');
    };
    expect(await issue(bed, { saveLogin })).toBeDefined();
  });

  it('ask for a login when there is none, without a call', async () => {
    const bed = await openBed();
    const error = await failureOf(issue(bed, { login: undefined }));
    expect(error).toMatchObject({
      code: 'LOGIN_REQUIRED',
      hint: expect.stringMatching(/login azure-dev/),
    });
    expect(total(bed)).toBe(0);
  });

  it.each([
    ['revoked', (bed: Bed) => bed.person.revoke(), 'LOGIN_REQUIRED', 'AADSTS50173'],
    [
      'to be confirmed again',
      (bed: Bed) => bed.person.requireMfa(),
      'LOGIN_REQUIRED',
      'AADSTS50076',
    ],
    ['blocked', (bed: Bed) => bed.person.block(), 'UPSTREAM_DENIED', 'AADSTS53003'],
    ['disabled', (bed: Bed) => bed.person.disable(), 'UPSTREAM_BAD_CREDENTIAL', 'AADSTS50057'],
  ] as const)('of a login that is %s are refused', async (_name, end, code, upstreamCode) => {
    const bed = await openBed();
    const login = loggedIn(bed);
    end(bed);
    const error = await failureOf(issue(bed, { login }));
    expect(error).toMatchObject({ code, upstreamCode });
    expect(allOf(error)).not.toContain(login.refresh_token.reveal());
  });

  it('of a login that nobody used for 90 days, or of another directory, are refused', async () => {
    const bed = await openBed();
    const login = loggedIn(bed);
    const { id } = bed.azure.directory.addTenant();
    expect(await failureOf(issue(bed, { login, config: { for_tenant: id } }))).toMatchObject({
      code: 'UPSTREAM_BAD_CREDENTIAL',
      upstreamCode: 'AADSTS50034',
    });
    bed.azure.directory.refreshTokens.expire(login.refresh_token.reveal());
    expect(await failureOf(issue(bed, { login }))).toMatchObject({
      code: 'LOGIN_REQUIRED',
      upstreamCode: 'AADSTS700082',
    });
  });
});
