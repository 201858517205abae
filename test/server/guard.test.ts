import { describe, expect, test } from 'vitest';

import { createGuard, hostsOf, quoted } from '../../src/server/guard.ts';

const HOSTS = hostsOf({ kind: 'tcp', address: '127.0.0.1', port: 9911 }, ['169.254.170.2']);
const guard = createGuard(HOSTS);

const ask = (
  headers: readonly string[] = ['Host', '127.0.0.1:9911'],
  url = '/v1/credentials',
  method = 'GET',
) => guard({ method, url, rawHeaders: [...headers] });

const HOST = ['Host', '127.0.0.1:9911'];

describe('Host', () => {
  test.each([
    '127.0.0.1:9911',
    '127.0.0.1',
    '169.254.170.2',
    '169.254.170.2:80',
    '169.254.170.2:9911',
  ])('%s is right', (host) => {
    expect(ask(['host', host])).toBeUndefined();
  });

  test.each([
    'evil.example',
    '127.0.0.1:9912',
    '127.0.0.1.',
    '127.0.0.2:9911',
    'localhost:9911',
    '127.0.0.1:9911@evil.example',
    'user@127.0.0.1:9911',
    '127.0.0.1:9911 ',
    '127.0.0.1,127.0.0.1',
    '169.254.169.254',
    '[::1]:9911',
    '',
  ])('%j is not', (host) => {
    expect(ask(['Host', host])).toMatchObject({ status: 403, reason: 'host' });
  });

  test('none, or two', () => {
    expect(ask(['Accept', '*/*'])).toMatchObject({ status: 400, reason: 'host' });
    expect(ask([...HOST, 'host', '127.0.0.1:9911'])).toMatchObject({ status: 400, reason: 'host' });
  });

  test('names in any letter case, IPv6 in brackets, localhost on a unix socket', () => {
    const metadata = createGuard(
      hostsOf({ kind: 'tcp', address: '::1', port: 80 }, ['metadata.google.internal']),
    );
    for (const host of [
      '[::1]',
      '[::1]:80',
      'Metadata.Google.Internal',
      'metadata.google.internal:80',
    ]) {
      expect(metadata({ method: 'GET', url: '/', rawHeaders: ['Host', host] })).toBeUndefined();
    }
    const socket = createGuard(hostsOf({ kind: 'unix', address: '/run/x', port: 0 }, []));
    expect(socket({ method: 'GET', url: '/', rawHeaders: ['Host', 'localhost'] })).toBeUndefined();
    expect(socket({ method: 'GET', url: '/', rawHeaders: ['Host', '/run/x'] })).toBeDefined();
  });
});

describe('headers', () => {
  test.each([
    'Origin',
    'origin',
    'REFERER',
    'Sec-Fetch-Mode',
    'sec-fetch-anything',
    'Sec-GPC',
    'Sec-CH-UA',
    'Sec-WebSocket-Key',
    'Accept-Language',
  ])('%s: a page asks', (name) => {
    expect(ask([...HOST, name, ''])).toMatchObject({ status: 403, reason: 'browser' });
  });

  test.each([
    'X-Forwarded-For',
    'x-forwarded-anything',
    'X-Forwarded',
    'Forwarded',
    'VIA',
    'X-Real-Ip',
    'X-Client-IP',
    'X-Cluster-Client-IP',
    'X-Original-URL',
    'X-Envoy-External-Address',
    'Client-IP',
    'True-Client-IP',
    'CF-Connecting-IP',
  ])('%s: a proxy asks, whatever the value', (name) => {
    expect(ask([...HOST, name, ''])).toMatchObject({ status: 403, reason: 'forwarded' });
  });

  test.each([
    'Accept',
    'User-Agent',
    'Amz-Sdk-Request',
    'X-aws-ec2-metadata-token',
    'Accept-Encoding',
    'X-Goog-Api-Client',
    'Upgrade',
    'Metadata',
    'Server',
    'X-Forward',
  ])('%s is nobody’s business', (name) => {
    expect(ask([...HOST, name, 'x'])).toBeUndefined();
  });

  test('Node’s own fetch is no page', () => {
    const language = ['accept-language', '*'];
    const mode = ['sec-fetch-mode', 'cors'];
    expect(ask([...HOST, ...language, ...mode])).toBeUndefined();
    for (const headers of [
      language, // any page can ask for this one
      mode,
      [...language, ...mode, 'Sec-Fetch-Site', 'same-origin'],
      [...language, ...mode, 'Sec-Fetch-Dest', 'empty'],
      [...language, 'sec-fetch-mode', 'navigate'],
      ['accept-language', 'en', ...mode],
      ['accept-language', '*, en', ...mode],
      [...language, ...mode, 'Origin', 'null'],
      [...language, 'accept-language', 'en', ...mode],
    ]) {
      expect(ask([...HOST, ...headers])).toMatchObject({ status: 403, reason: 'browser' });
    }
  });

  test('one Authorization is, two are not', () => {
    expect(ask([...HOST, 'authorization', 'x'])).toBeUndefined();
    expect(ask([...HOST, 'authorization', 'x', 'Authorization', 'x'])).toMatchObject({
      status: 400,
      reason: 'duplicate-authorization',
    });
  });

  test('a body larger than any form', () => {
    expect(ask([...HOST, 'Content-Length', '65536'])).toBeUndefined();
    expect(ask([...HOST, 'Content-Length', '65537'])).toMatchObject({
      status: 413,
      reason: 'too-large',
    });
  });
});

describe('method and target', () => {
  test.each(['OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'get', ''])(
    '%j is no method here',
    (method) => {
      expect(ask(HOST, '/', method)).toMatchObject({ status: 405, reason: 'method' });
    },
  );

  test.each([
    'http://evil.example/',
    'HTTP://127.0.0.1:9911/v1/credentials',
    '*',
    'v1',
    '',
    '/a b',
    '/a\\b',
    '/a#b',
    '/\u00e9',
    '/a\u0000',
  ])('row 96: %j is no path', (url) => {
    expect(ask(HOST, url)).toMatchObject({ status: 400, reason: 'target' });
  });

  test.each([
    '/a/../b',
    '/..',
    '/./a',
    '/a/.',
    '/%2e%2e/a',
    '/a/%2E./b',
    '/a/.%2e',
    '/a%00',
    '/a%0a',
    '/a%1F',
    '/a%7f',
    '/../?x=1',
  ])('row 105: %j climbs or hides something', (url) => {
    expect(ask(HOST, url)).toMatchObject({ status: 400, reason: 'traversal' });
  });

  test.each([
    '/',
    '/a.b',
    '/a/..b',
    '/.well-known/x',
    '/a?x=../b',
    '/a?u=http://b/%0a',
    '/latest//x/',
    '/a%2fb',
    '/metadata?resource=https%3A%2F%2Fx%2F',
  ])('%j is a path', (url) => {
    expect(ask(HOST, url)).toBeUndefined();
  });

  test('a target longer than any real one', () => {
    expect(ask(HOST, `/${'a'.repeat(4095)}`)).toBeUndefined();
    expect(ask(HOST, `/${'a'.repeat(4096)}`)).toMatchObject({ status: 414, reason: 'target' });
  });
});

test('what looks like a secret in a target is told to no log, whole, cut or encoded', () => {
  const secret = 'S3cret-_0123456789abcdefghijklmnopqrstuvwxyz';
  for (const url of [
    `/azure/${secret}/../x`,
    `/azure/${secret}\\x`,
    `/azure/${secret.slice(0, 22)}\\${secret.slice(22)}`,
    `/azure/%53${secret.slice(1)}/%00`,
    `/azure/${secret}/${'x'.repeat(5000)}`,
    `/msi/token?secret=${secret}${'/x'.repeat(2500)}`,
  ]) {
    const why = ask(HOST, url)?.why ?? '';
    expect(why).toMatch(/^(?:target|traversal|query)/);
    expect(why).not.toMatch(/0123456|uvwxyz/);
  }
});

test.each(['Referer', 'X-Envoy-Original-Path', 'X-Forwarded-Uri', 'X-Original-URL', 'Origin'])(
  '%s repeats a target: what looks like a secret in it is told to no log',
  (name) => {
    const value = 'http://127.0.0.1/azure/S3cret-_0123456789abcdefghijklmnopqrstuvwxyz/metadata';
    const why = ask([...HOST, name, value])?.why ?? '';
    expect(why).toContain('/azure/...');
    expect(why).not.toMatch(/0123456|uvwxyz/);
  },
);

test('row 105: what the log quotes is one line, short, and printable', () => {
  expect(quoted(`a\r\nb\u001b[31m\u2028${'x'.repeat(200)}`)).toMatch(/^"[\x20-\x7e]{1,120}"$/);
  expect(ask(['Host', 'evil\u0085example'])?.why).toBe('foreign Host "evil?example"');
});
