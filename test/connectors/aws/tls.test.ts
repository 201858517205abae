import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createProxy, request as forward } from 'node:http';
import { createServer, type Server } from 'node:https';
import { connect, type Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { fetchText } from '../../../src/connectors/outbound/token-http.ts';
import type { UserWithKey } from '../../../src/stand-ins/aws/accounts.ts';
import { cloudOf, keysOfUser, never, portOf, startBed, type Bed } from './aws-bed.ts';

const home = mkdtempSync(join(tmpdir(), 'valetkey-'));
const bundle = join(home, 'ca.pem');
const tunnels: string[] = [];
let bed: Bed;
let user: UserWithKey;
let secure: Server;
let secureUrl: string;
let proxy: NetServer;
let proxyUrl: string;

const listen = async (server: NetServer): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return portOf(server);
};

/** The stand-in behind TLS, with a certificate that no public authority signed, and a proxy. */
beforeAll(async () => {
  bed = await startBed();
  user = bed.aws.accounts.addUser({ name: 'svc' });
  const key = join(home, 'key.pem');
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-keyout',
      key,
      '-out',
      bundle,
    ],
    { stdio: 'ignore' },
  );
  secure = createServer(
    { key: readFileSync(key), cert: readFileSync(bundle) },
    (incoming, outgoing) => {
      const { method, url, headers } = incoming;
      const onward = forward(`${bed.aws.url}${url}`, { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      incoming.pipe(onward);
    },
  );
  secureUrl = `https://127.0.0.1:${await listen(secure)}`;
  const tunnel = createProxy();
  tunnel.on('connect', ({ url = '' }, client) => {
    tunnels.push(url);
    const [host, port] = url.split(':');
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  proxy = tunnel;
  proxyUrl = `http://127.0.0.1:${await listen(tunnel)}`;
});

afterAll(() => {
  secure.closeAllConnections();
  secure.close();
  proxy.close();
  rmSync(home, { recursive: true });
});

const who = async (env: Record<string, string>) => {
  const machine = { ...bed.machine, env: { AWS_ENDPOINT_URL_STS: secureUrl, ...env } };
  const keys = keysOfUser(user);
  return (await cloudOf(machine).sts.getCallerIdentity(keys, { region: 'eu-west-1' }, never())).arn;
};

it('an unknown authority is not trusted, and the way out is named', async () => {
  await expect(who({})).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    hint: expect.stringContaining('AWS_CA_BUNDLE'),
  });
});

it('AWS_CA_BUNDLE is', async () => {
  expect(await who({ AWS_CA_BUNDLE: bundle })).toBe(user.arn);
});

it('HTTPS_PROXY is gone through, unless NO_PROXY names the host', async () => {
  expect(await who({ AWS_CA_BUNDLE: bundle, HTTPS_PROXY: proxyUrl })).toBe(user.arn);
  expect(tunnels).toEqual([secureUrl.replace('https://', '')]);
  tunnels.length = 0;
  const env = { AWS_CA_BUNDLE: bundle, HTTPS_PROXY: proxyUrl, NO_PROXY: '127.0.0.1' };
  expect(await who(env)).toBe(user.arn);
  expect(tunnels).toEqual([]);
});

const ask = async (env: Record<string, string>) =>
  await fetchText({
    url: new URL(`${secureUrl}/`),
    headers: {},
    env,
    caVariables: ['AWS_CA_BUNDLE'],
    signal: never(),
  });

it('a token is fetched by the same rules', async () => {
  await expect(ask({})).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  // The stand-in knows no tokens: its refusal shows that it was reached.
  const refused = { code: expect.stringMatching(/^UPSTREAM_(DENIED|INVALID)$/) };
  await expect(ask({ AWS_CA_BUNDLE: bundle })).rejects.toMatchObject(refused);
  tunnels.length = 0;
  await expect(ask({ AWS_CA_BUNDLE: bundle, HTTPS_PROXY: proxyUrl })).rejects.toMatchObject(
    refused,
  );
  expect(tunnels).toHaveLength(1);
});
