import { describe, expect, onTestFinished, test } from 'vitest';

import azureAppService from '../../src/endpoints/azure/azure-app-service.ts';
import azureImds from '../../src/endpoints/azure/azure-imds.ts';
import { AZURE_IDENTITIES, TENANT } from '../support/azure-identities.ts';
import { azureStack, lasting } from '../support/azure-stack.ts';
import { settle } from '../support/fake-clock.ts';
import { fieldsOfJson } from '../support/json.ts';
import { exchange } from '../support/raw-http.ts';
import { served } from '../support/served.ts';

const T = '/metadata/identity/oauth2/token';
const STORAGE = 'api-version=2018-02-01&resource=https%3A%2F%2Fstorage.azure.com';
const [MAIN, OTHER] = AZURE_IDENTITIES;

/** Requests as real clients were seen to send them, in front of real workloads, grants and broker. */
const begin = async () => {
  const stack = await azureStack();
  onTestFinished(() => stack.broker.stop());
  const { host, port } = await served(stack.world, [azureImds, azureAppService]);
  const send = (target: string, ...headers: readonly string[]) =>
    exchange(
      { port },
      [`GET ${target} HTTP/1.1`, `Host: ${host}`, ...headers, '', ''].join('\r\n'),
    );
  return { stack, ...stack, send };
};

const M = 'Metadata: true';

describe('what clients were seen to send', () => {
  test('row 141: JavaScript’s default chain: a look, then one request', async () => {
    const { send, calls, world } = await begin();
    const look = await send(T, 'Accept: application/json', 'Connection: close');
    expect(look.status).toBe(400);
    expect(fieldsOfJson(look.body)).toHaveProperty('error');
    expect(calls).toEqual([]);
    const { status } = await send(
      `${T}?${STORAGE}`,
      M,
      'Content-Type: application/x-www-form-urlencoded',
      'x-client-SKU: msal.js.node',
      'x-client-VER: 5.6.0',
    );
    expect(status).toBe(200);
    expect(calls).toHaveLength(1);
    await settle();
    expect(world.events.filter(({ type }) => type === 'refused')).toEqual([]);
  });

  test('msal-node alone asks by Node’s fetch', async () => {
    const { send, stack } = await begin();
    const { status } = await send(
      `${T}/?${STORAGE}`,
      'connection: keep-alive',
      M,
      'Content-Type: application/x-www-form-urlencoded',
      'accept: */*',
      'accept-language: *',
      'sec-fetch-mode: cors',
      'user-agent: node',
      'accept-encoding: gzip, deflate',
    );
    expect(status).toBe(200);
    expect(stack.calls).toHaveLength(1);
  });

  test('row 142: JavaScript keeps what has more than 300 s left, told as whole seconds', async () => {
    const { send, world } = await begin();
    const { expires_on: end } = fieldsOfJson((await send(`${T}?${STORAGE}`, M)).body);
    expect(end).toMatch(/^\d{10}$/);
    expect(Number(end) * 1000 - world.clock.now()).toBeGreaterThan(300_000);
  });

  test('row 143: Python’s default chain: a look with everything but the header, then one request', async () => {
    const { send, calls } = await begin();
    const query = `${STORAGE}&client_id=${OTHER.clientId}`;
    expect((await send(`${T}?${query}`)).status).toBe(400);
    expect(calls).toEqual([]);
    const { status, body } = await send(`${T}?${query}`, M);
    expect(status).toBe(200);
    // Its cache is kept by the resource in the answer.
    expect(fieldsOfJson(body)['resource']).toBe('https://storage.azure.com');
    expect(calls).toHaveLength(1);
  });

  test('row 144: az login --identity: the resource raw, the tenant read from the token', async () => {
    const { send } = await begin();
    const { status, body } = await send(
      `${T}?resource=https://management.core.windows.net/&api-version=2018-02-01`,
      'metadata: true',
    );
    expect(status).toBe(200);
    const token = String(fieldsOfJson(body)['access_token']);
    const claims = fieldsOfJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expect(claims['tid']).toBe(TENANT);
  });

  test('row 145: az login --identity -u OBJECT_ID tries it as a client id first', async () => {
    const { send } = await begin();
    const query = 'resource=https://management.core.windows.net/&api-version=2018-02-01';
    const first = await send(`${T}?${query}&client_id=${OTHER.objectId}`, M);
    expect(first).toMatchObject({
      status: 400,
      body: expect.stringContaining('Identity not found'),
    });
    const second = await send(`${T}?${query}&object_id=${OTHER.objectId}`, M);
    expect(fieldsOfJson(second.body)).toMatchObject({ client_id: OTHER.clientId });
  });

  test('row 146: Terraform asks for each call below 20 minutes: there are more, at any time', async () => {
    const { send, secret, world } = await begin();
    const path = `/azure/${secret}${T}?${STORAGE}&client_id=${MAIN.clientId}`;
    for (let i = 0; i < 12; i += 1) {
      const { status, body } = await send(path, M);
      expect(status).toBe(200);
      expect(Number(fieldsOfJson(body)['expires_in'])).toBeGreaterThan(1200);
      await world.clock.advance(11 * 60_000);
    }
    expect(JSON.stringify(world.events)).not.toContain(secret);
  });

  test('row 147: rclone asks twice at the start: one token', async () => {
    const { send, calls } = await begin();
    const query = `${STORAGE}&mi_res_id=${OTHER.resourceId}`;
    const [one, two] = await Promise.all([send(`${T}?${query}`, M), send(`${T}?${query}`, M)]);
    expect(one.status).toBe(200);
    expect(two.body).toBe(one.body);
    expect(calls).toHaveLength(1);
  });

  test('row 148: a token of 310 s: the next one after 10 s, and none that has expired', async () => {
    const { send, stack, world } = await begin();
    stack.cloud = lasting(310_000);
    const seconds = async () => {
      const { status, body } = await send(`${T}?${STORAGE}`, M);
      expect(status).toBe(200);
      return Number(fieldsOfJson(body)['expires_in']);
    };
    expect(await seconds()).toBe(310);
    for (let i = 0; i < 20; i += 1) {
      await world.clock.advance(11_000);
      expect(await seconds()).toBeGreaterThanOrEqual(300);
    }
  });

  test('row 149: .NET asks for IMDS 2, then for 1', async () => {
    const { send } = await begin();
    const second = '/metadata/identity/getplatformmetadata?cred-api-version=2.0';
    expect((await send(second, 'x-ms-client-request-id: 1')).status).toBe(404);
    expect((await send(T, 'x-ms-client-request-id: 1')).status).toBe(400);
  });

  test('App Service, as JavaScript, Rust and polars ask', async () => {
    const { send, secret } = await begin();
    const query = 'api-version=2019-08-01&resource=https%3A%2F%2Fstorage.azure.com';
    for (const headers of [
      [`X-IDENTITY-HEADER: ${secret}`],
      [`x-identity-header: ${secret}`, 'metadata: true'],
    ]) {
      expect((await send(`/msi/token?${query}`, ...headers)).status).toBe(200);
    }
  });
});
