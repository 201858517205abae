import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createProxy } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import type { Machine } from '../../../src/connectors/contract.ts';
import type { GcpPlace } from '../../../src/connectors/gcp/cloud.ts';
import { createTransport, type GoogleCall } from '../../../src/connectors/gcp/transport.ts';
import { secret } from '../../../src/core/secret.ts';
import { startGoogleStandIn, type GoogleStandIn } from '../../../src/stand-ins/google/server.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { localServer } from '../aws/local-server.ts';
import { portOf } from '../aws/aws-bed.ts';
import { allOf, cloudOf, failureOf, never, openBed, stranger } from './bed.ts';

const PLACE: GcpPlace = { universeDomain: 'googleapis.com' };

const machineWith = (env: Machine['env']): Machine => ({
  clock: fakeClock(),
  env,
  implicit: { allow: [] },
});

const ask = async (url: string, env: Machine['env'] = {}, more: Partial<GoogleCall> = {}) =>
  await createTransport(machineWith(env))({
    url: () => url,
    body: new URLSearchParams({ assertion: 'planted-assertion' }),
    bearer: secret('planted-bearer'),
    place: PLACE,
    signal: never(),
    ...more,
  });

describe('who is asked', () => {
  it.each([
    'https://oauth2.googleapis.com.evil.example/token',
    'https://evilgoogleapis.com/token',
    'https://googleapis.com/token',
    'https://evil.example/token',
    'https://oauth2.googleapis.com:8443/token',
    'http://oauth2.googleapis.com/token',
    'https://oauth2.googleapis.com@evil.example/token',
  ])('nobody but Google: %s', async (url) => {
    expect(await failureOf(ask(url))).toMatchObject({ code: 'UPSTREAM_INVALID' });
  });

  it('nobody on this machine either, unless named', async () => {
    const other = await stranger();
    expect(await failureOf(ask(`${other.url}/token`))).toMatchObject({ code: 'UPSTREAM_INVALID' });
    expect(other.connections()).toBe(0);
    const named = failureOf(
      ask(`${other.url}/token`, { CLOUDSDK_AUTH_TOKEN_HOST: `${other.url}/token` }),
    );
    expect(await named).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(other.connections()).toBe(1);
  });

  it.each([
    ['CLOUDSDK_AUTH_TOKEN_HOST', 'http://tokens.example/token'],
    ['CLOUDSDK_API_ENDPOINT_OVERRIDES_STS', 'ftp://127.0.0.1/'],
    ['CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS', 'iam.example'],
    ['CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE', 'http://10.0.0.1/storage/v1/'],
  ])('no endpoint that tokens may not be sent to: %s=%s', async (variable, value) => {
    const asking = ask('https://oauth2.googleapis.com/token', { [variable]: value });
    expect(await failureOf(asking)).toMatchObject({ code: 'CONFIG_INVALID', subject: variable });
  });

  it('the connector’s word comes before the machine’s', async () => {
    const bed = await openBed();
    const other = await stranger();
    const env = { CLOUDSDK_AUTH_TOKEN_HOST: `${other.url}/token` };
    const place = { ...PLACE, tokenEndpoint: `${bed.google.url}/token` };
    const asking = ask('', env, { url: ({ token }) => token, place });
    expect(await failureOf(asking)).toMatchObject({ upstreamCode: 'invalid_request' });
    expect(other.connections()).toBe(0);
    expect(bed.google.calls.all()).toEqual({ 'oauth2:unknown-grant': 1 });
  });

  it('nobody that an answer leads to', async () => {
    const other = await stranger();
    const server = await localServer(() => ({ status: 307, headers: { location: other.url } }));
    const asking = ask(`${server.url}/token`, { CLOUDSDK_AUTH_TOKEN_HOST: `${server.url}/token` });
    expect(await failureOf(asking)).toMatchObject({ code: 'UPSTREAM_MALFORMED' });
    expect(server.seen).toHaveLength(1);
    expect(other.connections()).toBe(0);
  });
});

it('what was sent is in no error, even when it is sent back', async () => {
  const server = await localServer(({ headers }) => ({
    status: 400,
    body: JSON.stringify({
      error: 'invalid_grant',
      error_description: `planted-assertion ${headers['authorization']}`,
    }),
  }));
  const asking = ask(`${server.url}/token`, { CLOUDSDK_AUTH_TOKEN_HOST: `${server.url}/token` });
  const error = await failureOf(asking);
  expect(error).toMatchObject({ code: 'UPSTREAM_BAD_CREDENTIAL' });
  expect(allOf(error)).toContain('redacted');
  expect(allOf(error)).not.toMatch(/planted/);
});

describe('over the network', () => {
  const home = mkdtempSync(join(tmpdir(), 'valetkey-'));
  const bundle = join(home, 'ca.pem');
  const tunnels: string[] = [];
  const clock = fakeClock();
  let google: GoogleStandIn;
  let proxyUrl: string;

  // Google behind TLS, with a certificate that no public authority signed, and a proxy that finds it.
  const proxy = createProxy();
  proxy.on('connect', ({ url = '' }, client) => {
    tunnels.push(url);
    const upstream = connect(Number(new URL(google.url).port), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });

  beforeAll(async () => {
    const key = join(home, 'key.pem');
    const names = 'subjectAltName=IP:127.0.0.1,DNS:*.googleapis.com';
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const about = ['-days', '2', '-subj', '/CN=localhost', '-addext', names];
    execFileSync('openssl', ['req', '-x509', ...curve, ...about, '-keyout', key, '-out', bundle], {
      stdio: 'ignore',
    });
    const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(bundle, 'utf8') };
    google = await startGoogleStandIn({ clock, tls });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    proxyUrl = `http://127.0.0.1:${portOf(proxy)}`;
  });
  afterAll(async () => {
    proxy.closeAllConnections();
    proxy.close();
    await google.stop();
    rmSync(home, { recursive: true });
  });

  const scopesBy = async (env: Machine['env']) => {
    tunnels.length = 0;
    const user = google.accounts.addUser({ email: 'ada@example.com', consentedScopes: ['openid'] });
    const { auth } = cloudOf({ clock, env, implicit: { allow: [] } });
    const login = {
      clientId: user.client.clientId,
      clientSecret: secret(user.client.clientSecret),
      refreshToken: secret(user.authorizedUser().refresh_token),
    };
    return (await auth.userToken(login, undefined, PLACE, never())).scopes;
  };

  it('Google’s own host is asked when nothing else is said', async () => {
    const env = { REQUESTS_CA_BUNDLE: bundle, HTTPS_PROXY: proxyUrl };
    expect(await scopesBy(env)).toEqual(['openid']);
    expect(tunnels).toEqual(['oauth2.googleapis.com:443']);
  });

  it('an unknown authority is not trusted, and the way out is named', async () => {
    expect(await failureOf(scopesBy(google.variables))).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      hint: expect.stringContaining('CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE'),
    });
  });

  it('gcloud’s own bundle comes first, and one that cannot be read is named', async () => {
    const variable = 'CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE';
    const env = { ...google.variables, [variable]: bundle, REQUESTS_CA_BUNDLE: '/nowhere' };
    expect(await scopesBy(env)).toEqual(['openid']);
    const error = await failureOf(scopesBy({ ...env, [variable]: join(home, 'gone') }));
    expect(error).toMatchObject({ code: 'CONFIG_UNREADABLE', subject: variable });
  });

  it('a bundle that is repaired is read again', async () => {
    const user = google.accounts.addUser({ email: 'bo@example.com', consentedScopes: ['openid'] });
    const late = join(home, 'late.pem');
    const env = { ...google.variables, REQUESTS_CA_BUNDLE: late };
    const { auth } = cloudOf({ clock, env, implicit: { allow: [] } });
    const token = async () =>
      await auth.userToken(
        {
          clientId: user.client.clientId,
          clientSecret: secret(user.client.clientSecret),
          refreshToken: secret(user.authorizedUser().refresh_token),
        },
        undefined,
        PLACE,
        never(),
      );
    expect(await failureOf(token())).toMatchObject({ code: 'CONFIG_UNREADABLE' });
    execFileSync('cp', [bundle, late]);
    expect((await token()).scopes).toEqual(['openid']);
  });

  it.each(['http://user:planted@proxy:99999999', 'socks5://user:planted@127.0.0.1:1'])(
    'a proxy that is none is named, and not its password',
    async (wrong) => {
      for (const name of ['HTTPS_PROXY', 'https_proxy']) {
        const error = await failureOf(
          ask('https://oauth2.googleapis.com/token', { [name]: wrong }),
        );
        expect(error).toMatchObject({ code: 'CONFIG_INVALID', subject: name });
        expect(allOf(error)).not.toContain('planted');
      }
    },
  );

  it('a proxy may be written without a scheme', async () => {
    const env = { ...google.variables, REQUESTS_CA_BUNDLE: bundle };
    const bare = proxyUrl.replace('http://', '');
    expect(await scopesBy({ ...env, HTTPS_PROXY: bare })).toEqual(['openid']);
    expect(tunnels).toHaveLength(1);
  });

  it('NO_PROXY is heeded, and the process’s own variables are not', async () => {
    const other = await stranger();
    const env = { ...google.variables, REQUESTS_CA_BUNDLE: bundle };
    expect(await scopesBy({ ...env, HTTPS_PROXY: proxyUrl })).toEqual(['openid']);
    expect(tunnels).toHaveLength(1);
    const direct = { ...env, HTTPS_PROXY: proxyUrl, NO_PROXY: '127.0.0.1' };
    expect(await scopesBy(direct)).toEqual(['openid']);
    expect(tunnels).toEqual([]);
    const own = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy'];
    for (const name of own) vi.stubEnv(name, /no/i.test(name) ? '' : other.url);
    vi.stubEnv('CLOUDSDK_AUTH_TOKEN_HOST', other.url);
    expect(await scopesBy(env)).toEqual(['openid']);
    const plain = await openBed();
    const asking = ask(`${plain.google.url}/token`, plain.env);
    expect(await failureOf(asking)).toMatchObject({ upstreamCode: 'invalid_request' });
    vi.unstubAllEnvs();
    expect(other.connections()).toBe(0);
  });
});
