import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer as createProxy } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished, vi } from 'vitest';

import type { AzurePlace } from '../../../src/connectors/azure/cloud.ts';
import { endpointsOf } from '../../../src/connectors/azure/endpoints.ts';
import { createTransport, type AzureCall } from '../../../src/connectors/azure/transport.ts';
import type { Machine } from '../../../src/connectors/contract.ts';
import { secret } from '../../../src/core/secret.ts';
import { testAzure } from '../../support/azure.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { portOf } from '../aws/aws-bed.ts';
import { localServer } from '../aws/local-server.ts';
import { stranger } from '../gcp/bed.ts';
import { allOf, cloudOf, failureOf, openBed, type Bed } from './bed.ts';
import { folder } from './certificates.ts';

const PLACE: AzurePlace = { environment: 'public' };
const never = (): AbortSignal => new AbortController().signal;

const machineWith = (env: Machine['env']): Machine => ({
  clock: fakeClock(),
  env,
  implicit: { allow: [] },
});

const ask = async (url: string, env: Machine['env'] = {}, more: Partial<AzureCall> = {}) =>
  await createTransport(machineWith(env))({
    url: () => url,
    body: new URLSearchParams({ client_secret: 'planted-secret' }),
    bearer: secret('planted-bearer'),
    place: PLACE,
    signal: never(),
    ...more,
  });

describe('who is asked', () => {
  it.each([
    'https://login.microsoftonline.com.evil.example/t/oauth2/v2.0/token',
    'https://evil.example/token',
    'https://login.microsoftonline.us/t/oauth2/v2.0/token',
    'https://login.microsoftonline.com:8443/token',
    'http://login.microsoftonline.com/token',
    'https://login.microsoftonline.com@evil.example/token',
    'https://blob.core.windows.net.evil.example/',
    'https://evilblob.core.windows.net/',
    'http://acmedata.blob.core.windows.net/',
    'https://acmedata.blob.core.windows.net:8443/',
    'https://acmedata.blob.core.chinacloudapi.cn/',
  ])('nobody but Azure: %s', async (url) => {
    expect(await failureOf(ask(url))).toMatchObject({ code: 'UPSTREAM_INVALID' });
  });

  it.each([
    [
      'public',
      'https://login.microsoftonline.com',
      'https://management.azure.com',
      'https://a.blob.core.windows.net',
    ],
    [
      'us-government',
      'https://login.microsoftonline.us',
      'https://management.usgovcloudapi.net',
      'https://a.blob.core.usgovcloudapi.net',
    ],
    [
      'china',
      'https://login.partner.microsoftonline.cn',
      'https://management.chinacloudapi.cn',
      'https://a.blob.core.chinacloudapi.cn',
    ],
  ] as const)('%s has hosts of its own', (environment, authority, arm, blob) => {
    const endpoints = endpointsOf({ environment }, {});
    expect([endpoints.authority, endpoints.arm, endpoints.blob('a')]).toEqual([
      authority,
      arm,
      blob,
    ]);
    for (const url of [authority, arm, blob]) expect(endpoints.mayBeAsked(new URL(url))).toBe(true);
  });

  it.each([
    ['AZURE_AUTHORITY_HOST', 'http://login.example'],
    ['VALETKEY_AZURE_ARM_ENDPOINT', 'ftp://127.0.0.1/'],
    ['VALETKEY_AZURE_BLOB_ENDPOINT', 'blobs.example'],
  ])('no endpoint that tokens may not be sent to: %s=%s', async (variable, value) => {
    const asking = ask('https://login.microsoftonline.com/', { [variable]: value });
    expect(await failureOf(asking)).toMatchObject({ code: 'CONFIG_INVALID', subject: variable });
  });

  it('the connector’s word comes before the machine’s', async () => {
    const other = await stranger();
    const server = await localServer(() => ({ body: '{}' }));
    const place = { ...PLACE, authorityHost: `${server.url}/` };
    const env = { AZURE_AUTHORITY_HOST: other.url };
    await ask('', env, { url: ({ authority }) => `${authority}/x`, place });
    expect(server.seen.map(({ line }) => line)).toEqual(['POST /x']);
    expect(other.connections()).toBe(0);
  });

  it('no other cloud of Microsoft’s, where the machine’s variable is meant for another connector', () => {
    const us = { AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us/' };
    expect(endpointsOf({ environment: 'us-government' }, us).authority).toBe(
      'https://login.microsoftonline.us',
    );
    for (const environment of ['public', 'china'] as const) {
      const { authority } = endpointsOf({ environment }, us);
      expect(authority).toBe(endpointsOf({ environment }, {}).authority);
      for (const spelled of [
        'https://LOGIN.microsoftonline.us',
        'https://login.microsoftonline.us:443/',
      ]) {
        const env = { AZURE_AUTHORITY_HOST: spelled };
        expect(endpointsOf({ environment }, env).authority).toBe(authority);
      }
    }
    const own = { AZURE_AUTHORITY_HOST: 'https://login.example' };
    expect(endpointsOf({ environment: 'china' }, own).authority).toBe('https://login.example');
  });

  it('nobody that an answer leads to', async () => {
    const other = await stranger();
    const server = await localServer(() => ({ status: 307, headers: { location: other.url } }));
    const answer = await ask(`${server.url}/x`, { AZURE_AUTHORITY_HOST: server.url });
    expect([answer.status, server.seen.length, other.connections()]).toEqual([307, 1, 0]);
  });
});

it('what was sent is in no error, even when it is sent back', async () => {
  const server = await localServer(() => ({
    status: 401,
    body: JSON.stringify({
      error: 'invalid_client',
      error_description: 'AADSTS7000215: short-planted-secret is wrong',
      error_codes: [7000215],
    }),
  }));
  const { entra } = cloudOf(machineWith({ AZURE_AUTHORITY_HOST: server.url }));
  const app = { tenantId: 't', clientId: 'c', secret: secret('short-planted-secret') };
  const error = await failureOf(entra.clientSecret(app, { scope: 'a/.default' }, PLACE, never()));
  expect(error).toMatchObject({ upstreamCode: 'AADSTS7000215' });
  expect(allOf(error)).toContain('redacted');
  expect(allOf(error)).not.toMatch(/planted/);
});

const token = async (
  bed: Pick<Bed, 'tenant' | 'app' | 'clientSecret'>,
  machine: Machine,
  place = PLACE,
) => {
  const secretOf = secret(bed.clientSecret.value);
  const app = { tenantId: bed.tenant.id, clientId: bed.app.clientId, secret: secretOf };
  const wanted = { scope: 'https://storage.azure.com/.default' };
  return await cloudOf(machine).entra.clientSecret(app, wanted, place, never());
};

it('the process’s own variables lead nowhere', async () => {
  const bed = await openBed();
  const other = await stranger();
  const own = {
    AZURE_AUTHORITY_HOST: other.url.replace('http', 'https'),
    AZURE_REGIONAL_AUTHORITY_NAME: 'westeurope',
    AZURE_CLIENT_ID: 'x',
    AZURE_TENANT_ID: 'y',
    HTTPS_PROXY: other.url,
    HTTP_PROXY: other.url,
    ALL_PROXY: other.url,
  };
  for (const [name, value] of Object.entries(own)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  expect((await token(bed, bed.machine)).claims.tenantId).toBe(bed.tenant.id);
  expect(bed.azure.calls.all()).toEqual({ 'entra:client-secret': 1 });
  vi.stubEnv('AZURE_REGIONAL_AUTHORITY_NAME', 'AutoDiscoverRegion');
  expect(await failureOf(token(bed, bed.machine))).toMatchObject({
    code: 'INTERNAL',
    hint: expect.stringMatching(/AZURE_REGIONAL_AUTHORITY_NAME/),
  });
  expect(other.connections()).toBe(0);
});

describe('over the network', () => {
  /** Azure behind TLS, with a certificate that no public authority signed, and a proxy that finds it. */
  async function secureAzure() {
    const path = folder();
    const [key, bundle] = [join(path, 'key.pem'), join(path, 'ca.pem')];
    const names = 'IP:127.0.0.1,DNS:login.microsoftonline.com,DNS:login.partner.microsoftonline.cn';
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const about = ['-days', '2', '-subj', '/CN=localhost', '-addext', `subjectAltName=${names}`];
    execFileSync('openssl', ['req', '-x509', ...curve, ...about, '-keyout', key, '-out', bundle], {
      stdio: 'ignore',
    });
    const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(bundle, 'utf8') };
    const world = await testAzure({ tls });
    const tunnels: string[] = [];
    const proxy = createProxy();
    proxy.on('connect', ({ url = '' }, client) => {
      tunnels.push(url);
      const upstream = connect(Number(new URL(world.azure.url).port), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        client.pipe(upstream).pipe(client);
      });
      client.on('error', () => upstream.destroy());
      upstream.on('error', () => client.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      proxy.closeAllConnections();
      proxy.close();
    });
    const by = async (env: Machine['env'], place: AzurePlace = PLACE) => {
      const machine = { clock: world.clock, env, implicit: { allow: [] } };
      return await token({ ...world, clientSecret: world.app.addSecret() }, machine, place);
    };
    return { ...world, bundle, tunnels, by, proxyUrl: `http://127.0.0.1:${portOf(proxy)}` };
  }

  it('the environment’s own host is asked when nothing else is said, by the machine’s proxy', async () => {
    const { by, bundle, proxyUrl, tunnels } = await secureAzure();
    const env = { REQUESTS_CA_BUNDLE: bundle, HTTPS_PROXY: proxyUrl };
    await by(env);
    await by(env, { environment: 'china' });
    expect(tunnels).toEqual([
      'login.microsoftonline.com:443',
      'login.partner.microsoftonline.cn:443',
    ]);
  });

  it('an unknown authority is not trusted, and the way out is named', async () => {
    const { by, azure, bundle } = await secureAzure();
    const env = { AZURE_AUTHORITY_HOST: azure.url };
    expect(await failureOf(by(env))).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      hint: expect.stringContaining('REQUESTS_CA_BUNDLE'),
    });
    await by({ ...env, REQUESTS_CA_BUNDLE: bundle });
  });
});
