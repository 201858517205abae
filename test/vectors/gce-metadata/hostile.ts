import { PROJECT } from '../../support/google-accounts.ts';
import type { Vector } from '../vector.ts';
import { error, flavored, NOT_FOUND, SA, text, V } from './expected.ts';

const ID = `${V}/project/project-id`;
const FORBIDDEN = error(403, 'the request is refused');

/** What the parser or the guard decides. */
const lines: readonly Vector[] = [
  ...['1.2.3.4', ''].map((value): Vector => ({
    row: value === '' ? 93 : 92,
    name: `X-Forwarded-For: ${value}`,
    request: `GET ${ID}`,
    headers: { 'X-Forwarded-For': value },
    expect: { ...FORBIDDEN, told: /forwarding header/ },
  })),
  ...['Forwarded', 'X-Real-IP', 'Via', 'X-Forwarded-Host'].map((name): Vector => ({
    row: 94,
    name: `a proxy asks: ${name}`,
    request: `GET ${SA}/default/token`,
    headers: { [name]: 'x' },
    expect: { ...FORBIDDEN, told: /forwarding header/ },
  })),
  ...['evil.example', 'metadata.google.internal.evil.example', 'metadata.', ''].map(
    (host): Vector => ({
      row: 95,
      name: `Host: ${host}`,
      request: `GET ${ID}`,
      headers: { Host: host },
      expect: { ...FORBIDDEN, told: /foreign Host/ },
    }),
  ),
  {
    row: 95,
    name: 'a foreign Host learns not even that we are here',
    request: 'GET /',
    headers: { Host: 'evil.example' },
    expect: FORBIDDEN,
  },
  ...[
    'metadata.google.internal.',
    'metadata.google.internal',
    'Metadata.Google.Internal:80',
    'metadata',
    '169.254.169.254',
    '169.254.169.254:80',
    'localhost',
  ].map((host): Vector => ({
    row: 96,
    name: `Host: ${host}`,
    request: `GET ${ID}`,
    headers: { Host: host },
    expect: text(PROJECT),
  })),
  {
    row: 95,
    name: 'a page of that name in a network whose DNS lies: no Origin, no Sec-Fetch-*',
    request: `GET ${SA}/default/token`,
    headers: { Host: 'metadata.google.internal', 'Accept-Language': 'en-US,en;q=0.9' },
    expect: { ...FORBIDDEN, told: /browser header/ },
  },
  ...['Origin', 'Sec-Fetch-Mode', 'Referer'].map((name): Vector => ({
    row: 98,
    name: `a page asks: ${name}`,
    request: `GET ${ID}`,
    headers: { [name]: 'http://evil.example' },
    expect: { ...FORBIDDEN, told: /browser header/ },
  })),
  {
    row: 99,
    name: 'a page asks whether it may',
    request: `OPTIONS ${ID}`,
    headers: { Origin: 'http://evil.example', 'Access-Control-Request-Method': 'GET' },
    expect: { ...error(405), headers: { allow: 'GET, HEAD' } },
  },
  ...[
    `${V}/../../etc/passwd`,
    `${V}/%2e%2e/%2e%2e/etc/passwd`,
    `${V}/project/./project-id`,
    `${V}/%2E./project/project-id`,
    '/computeMetadata/..',
  ].map((path): Vector => ({
    row: 100,
    name: `nothing outside the tree: ${path}`,
    request: `GET ${path}`,
    expect: { ...NOT_FOUND, told: /traversal/ },
  })),
  ...['metadata.google.internal', 'METADATA.google.internal:80', '169.254.169.254'].map(
    (host): Vector => ({
      row: 102,
      name: `as if to a proxy: ${host}`,
      request: `GET http://${host}${ID}`,
      expect: text(PROJECT),
    }),
  ),
  {
    row: 102,
    name: 'as if to a proxy, the root',
    request: 'GET HTTP://metadata.google.internal',
    expect: text('computeMetadata/\n'),
  },
  ...['evil.example', 'metadata.google.internal@evil.example', '127.0.0.1:1'].map(
    (host): Vector => ({
      row: 102,
      name: `as if to a proxy, somebody else: ${host}`,
      request: `GET http://${host}${ID}`,
      expect: { ...FORBIDDEN, told: /foreign host in the target/ },
    }),
  ),
  {
    row: 102,
    name: 'as if to a proxy, and a foreign Host besides',
    request: `GET http://metadata.google.internal${ID}`,
    headers: { Host: 'evil.example' },
    expect: { ...FORBIDDEN, told: /foreign Host/ },
  },
  {
    row: 103,
    name: 'TRACE',
    request: `TRACE ${ID}`,
    expect: { ...error(405), headers: { allow: 'GET, HEAD', connection: 'close' } },
  },
  {
    row: 104,
    name: 'a path of 9 kB',
    request: `GET ${V}/${'x'.repeat(9000)}`,
    expect: error(414),
  },
  {
    row: 104,
    name: 'a query of 8 kB',
    request: `GET ${ID}?x=${'x'.repeat(8192)}`,
    expect: error(400, /query/),
  },
  ...['%00', '%0a', '%1f', '%7f'].map((bytes): Vector => ({
    row: 107,
    name: `${bytes} in the path`,
    request: `GET ${V}/project/${bytes}`,
    expect: NOT_FOUND,
  })),
  ...['%zz', '%', '%c3%28', '%ff'].map((bytes): Vector => ({
    row: 107,
    name: `${bytes} in the path`,
    request: `GET ${V}/project/${bytes}`,
    expect: NOT_FOUND,
  })),
  {
    row: 108,
    name: 'a body of 1 MB is refused before it is read',
    request: `GET ${ID}`,
    headers: { 'Content-Length': '1000000' },
    expect: { ...error(413), headers: { connection: 'close' } },
    corrected:
      'the row wants the body ignored; one that large is an attack, and 413 tells whoever sent it by mistake',
  },
  {
    row: 116,
    name: 'no compression',
    request: `GET ${V}/?recursive=true`,
    headers: { 'Accept-Encoding': 'gzip, deflate, br' },
    expect: { status: 200, headers: { 'content-encoding': 'absent' } },
  },
];

export const hostile: readonly Vector[] = lines.map((line) =>
  flavored({ ...line, over: 'socket' }),
);
