import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { oidcIssuer } from '../../../src/stand-ins/google/oidc-issuer.ts';
import {
  allOf,
  certified,
  claimsOf,
  failureOf,
  issueBy,
  onMachine,
  openBed,
  STORAGE,
  total,
  type Ask,
  type Bed,
} from './bed.ts';
import { folder, pfxOf } from './certificates.ts';
import { imds } from './imds-bed.ts';

const issue = async (bed: Bed, ask: Partial<Ask> = {}) => await issueBy('implicit', bed, ask);
/** A port that nobody listens on. */
const NO_IMDS = { AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:9' };

function appVariables({ tenant, app }: Bed) {
  return { AZURE_TENANT_ID: tenant.id, AZURE_CLIENT_ID: app.clientId };
}

function withSecret(bed: Bed, allow = [bed.app.clientId]): Bed {
  return onMachine(bed, {
    env: { ...appVariables(bed), AZURE_CLIENT_SECRET: bed.clientSecret.value },
    allow,
  });
}

describe('the daemon’s own identity', () => {
  it('is a service principal with a secret', async () => {
    const bed = withSecret(await openBed());
    const token = await issue(bed, { scopes: [`${STORAGE}/.default`] });
    expect(claimsOf(token.token)).toMatchObject({ appid: bed.app.clientId, aud: STORAGE });
    expect(bed.azure.calls.all()).toEqual({ 'entra:client-secret': 1 });
  });

  it.each(['PEM', 'PFX'])('is a service principal with a certificate: %s', async (kind) => {
    const base = await openBed();
    const { key, certificate } = certified(base.clock.now());
    base.app.addCertificate(certificate);
    const file = join(folder(), 'app');
    const password = kind === 'PFX' ? 'p' : '';
    if (kind === 'PEM') writeFileSync(file, `${key}${certificate}`);
    else {
      const pfx = pfxOf({ key, certificates: [certificate], password });
      writeFileSync(file, Buffer.from(pfx, 'base64'));
    }
    const env = {
      ...appVariables(base),
      AZURE_CLIENT_CERTIFICATE_PATH: file,
      AZURE_CLIENT_CERTIFICATE_PASSWORD: password,
    };
    const bed = onMachine(base, { env, allow: [base.app.objectId] });
    expect(claimsOf((await issue(bed)).token)['appid']).toBe(base.app.clientId);
  });

  it('is a workload identity', async () => {
    const base = await openBed();
    const issuer = oidcIssuer({ now: () => base.clock.now() });
    const keys = issuer.jwks.keys.map((key) => ({ ...key }));
    base.app.addFederatedCredential({ issuer: issuer.issuer, subject: 'pod', jwks: { keys } });
    const file = join(folder(), 'token');
    writeFileSync(file, issuer.mint({ sub: 'pod', aud: 'api://AzureADTokenExchange' }));
    const env = { ...appVariables(base), AZURE_FEDERATED_TOKEN_FILE: file };
    const bed = onMachine(base, { env, allow: [base.app.clientId] });
    expect(claimsOf((await issue(bed)).token)['appid']).toBe(base.app.clientId);
  });

  it('is the machine’s managed identity', async () => {
    const base = await openBed();
    const server = await imds(base);
    const env = { AZURE_POD_IDENTITY_AUTHORITY_HOST: server.url };
    const bed = onMachine(base, { env, allow: [base.app.clientId] });
    expect(claimsOf((await issue(bed)).token)['appid']).toBe(base.app.clientId);
    expect(server.seen).toHaveLength(2);
  });

  it('is what its variables name, or nothing: a failure tries nothing else', async () => {
    const bed = withSecret(await openBed());
    bed.app.removeSecret(bed.clientSecret.keyId);
    expect(await failureOf(issue(bed))).toMatchObject({ upstreamCode: 'AADSTS7000215' });
    expect(total(bed)).toBe(1);
  });

  it('is nobody’s unless the policy lists it', async () => {
    const base = await openBed();
    expect(await failureOf(issue(withSecret(base, [])))).toMatchObject({
      code: 'IMPLICIT_FORBIDDEN',
    });
    expect(total(base)).toBe(0);
    expect(await failureOf(issue(withSecret(base, ['ada@example.com'])))).toMatchObject({
      code: 'IMPLICIT_FORBIDDEN',
      hint: expect.stringMatching(/policy\.implicit\.allow/),
    });
  });

  it('is the one that the connector names, if it names one', async () => {
    const base = await openBed();
    const bed = withSecret(base, [base.app.clientId]);
    const { clientId, objectId } = bed.app;
    await issue(bed, { config: { client_id: clientId, object_id: objectId.toUpperCase() } });
    for (const field of ['client_id', 'object_id']) {
      const config = { [field]: crypto.randomUUID() };
      expect(await failureOf(issue(bed, { config }))).toMatchObject({ code: 'IMPLICIT_FORBIDDEN' });
    }
  });

  it('is not a person’s because an application has that name', async () => {
    const base = await openBed();
    const app = base.azure.directory.addApp({ tenant: base.tenant.id, name: 'ada@example.com' });
    const bed = onMachine(base, {
      env: {
        AZURE_TENANT_ID: base.tenant.id,
        AZURE_CLIENT_ID: app.clientId,
        AZURE_CLIENT_SECRET: app.addSecret().value,
      },
      allow: ['ada@example.com'],
    });
    expect(await failureOf(issue(bed))).toMatchObject({ code: 'IMPLICIT_FORBIDDEN' });
  });
});

describe.skipIf(process.platform === 'win32')('the Azure CLI’s login', () => {
  /** A program by the name of `az` that prints this, or says that and fails. */
  function az(
    bed: Bed,
    script: string,
    allow = [bed.person.upn],
  ): Bed & { readonly words: string } {
    const path = folder();
    const words = join(path, 'words');
    writeFileSync(join(path, 'az'), `#!/bin/sh\nprintf '%s ' "$@" > '${words}'\n${script}\n`);
    chmodSync(join(path, 'az'), 0o755);
    const env = { ...NO_IMDS, PATH: `${path}${delimiter}${process.env['PATH']}` };
    return { ...onMachine(bed, { env, allow }), words };
  }

  async function personToken(bed: Bed) {
    const { secret } = await import('../../../src/core/secret.ts');
    const login = { refresh_token: secret(bed.person.refreshToken()) };
    return await issueBy('user-account', bed, { login });
  }

  it('is asked where nothing else is there', async () => {
    const base = await openBed();
    const { token, expiresAt } = await personToken(base);
    const answers = [
      { accessToken: token, expires_on: expiresAt / 1000, expiresOn: '2026-11-26 12:00:00.000000' },
      { accessToken: token, expiresOn: '2026-11-26 12:00:00.000000' },
    ];
    for (const answer of answers) {
      const bed = az(base, `cat <<'END'\n${JSON.stringify(answer)}\nEND`);
      const issued = await issue(bed, { scopes: [`${STORAGE}//.default`] });
      expect(issued).toMatchObject({ token, expiresAt, principal: base.person.upn });
      const { readFileSync } = await import('node:fs');
      expect(readFileSync(bed.words, 'utf8')).toBe(
        `account get-access-token --output json --resource ${STORAGE}/ `,
      );
    }
  });

  it('yields a person only by object id or user name, not by the program’s id', async () => {
    const base = await openBed();
    const { token, expiresAt } = await personToken(base);
    const script = `echo '${JSON.stringify({ accessToken: token, expires_on: expiresAt / 1000 })}'`;
    const cli = String(claimsOf(token)['appid']);
    expect(await failureOf(issue(az(base, script, [cli])))).toMatchObject({
      code: 'IMPLICIT_FORBIDDEN',
    });
    await issue(az(base, script, [base.person.objectId]));
  });

  it.each([
    [
      'echo "ERROR: AADSTS700082: eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIng1dCI6" >&2; exit 1',
      'LOGIN_REQUIRED',
      'AADSTS700082',
    ],
    ['exit 1', 'LOGIN_REQUIRED', undefined],
    ['echo hello', 'UPSTREAM_MALFORMED', undefined],
    ['echo "{\\"accessToken\\":\\"opaque\\"}"', 'UPSTREAM_MALFORMED', undefined],
    ['echo "{\\"accessToken\\":\\"opaque\\",\\"expires_on\\":1}"', 'CREDENTIAL_EXPIRED', undefined],
    ['head -c 100000 /dev/zero', 'UPSTREAM_MALFORMED', undefined],
  ])('%s is %s', async (script, code, upstreamCode) => {
    const error = await failureOf(issue(az(await openBed(), script)));
    expect(error).toMatchObject({ code, upstreamCode });
    expect(allOf(error)).not.toContain('eyJ0eXAi');
  });

  it('may not be there at all', async () => {
    const base = await openBed();
    const bed = onMachine(base, { env: { ...NO_IMDS, PATH: folder() }, allow: ['x'] });
    expect(await failureOf(issue(bed))).toMatchObject({
      code: 'SECRET_MISSING',
      hint: expect.stringMatching(/AZURE_CLIENT_SECRET/),
    });
  });
});
