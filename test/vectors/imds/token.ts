import type { Vector } from '../vector.ts';
import { TTL, PLAIN } from './expected.ts';

export const token: readonly Vector[] = [
  // The token: bad
  {
    row: 44,
    name: 'no TTL',
    request: 'PUT /latest/api/token',
    expect: { status: 400, headers: PLAIN },
  },
  ...['0', '-1', '21601', 'abc', '', '1e3', '+5', '0x10', '5.0', '1'.repeat(400), '007', '1 2'].map(
    (ttl): Vector => ({
      row: 45,
      name: `TTL ${JSON.stringify(ttl.slice(0, 8))}`,
      request: 'PUT /latest/api/token',
      headers: { [TTL]: ttl },
      expect: { status: 400, headers: PLAIN },
    }),
  ),
  {
    row: 46,
    name: 'TTL twice',
    request: 'PUT /latest/api/token',
    headers: { [TTL]: ['60', '21600'] },
    expect: { status: 400 },
  },
  ...['192.0.2.1', ''].map((value): Vector => ({
    row: 47,
    name: `forwarded, ${value === '' ? 'by nobody' : value}: no token`,
    request: 'PUT /latest/api/token',
    headers: { [TTL]: '60', 'X-Forwarded-For': value },
    expect: { status: 403, headers: PLAIN, body: 'forbidden' },
    over: 'socket',
  })),
  {
    row: 48,
    name: 'a versioned token path',
    request: 'PUT /2021-07-15/api/token',
    headers: { [TTL]: '60' },
    expect: { status: 403, headers: PLAIN, body: 'forbidden' },
  },
  ...['GET', 'HEAD', 'POST', 'DELETE'].map((method): Vector => ({
    row: 49,
    name: `${method} on the token path`,
    request: `${method} /latest/api/token`,
    headers: { [TTL]: '60' },
    expect: { status: 405, headers: { allow: 'PUT' } },
  })),
  {
    row: 62,
    name: 'nobody’s connection gets no token',
    given: (world) => void (world.nobody = true),
    request: 'PUT /latest/api/token',
    headers: { [TTL]: '60' },
    expect: { status: 403, body: 'forbidden', told: /nobody/ },
  },
  {
    row: 51,
    name: 'a body of 1 MB is refused before it is read',
    request: 'PUT /latest/api/token',
    headers: { [TTL]: '60', 'Content-Length': '1000000' },
    expect: { status: 413, headers: { connection: 'close' } },
    over: 'socket',
  },
  // The token: good
  ...['21600', '300', '600', '60', '1'].map((ttl): Vector => ({
    row: [39, 40],
    name: `TTL ${ttl}`,
    request: 'PUT /latest/api/token',
    headers: { [TTL]: ttl },
    expect: {
      status: 200,
      headers: { ...PLAIN, [TTL.toLowerCase()]: ttl },
      body: /^[\w-]{43,}$/,
    },
  })),
  {
    row: 41,
    name: 'no Content-Length and no body',
    request: 'PUT /latest/api/token',
    headers: { [TTL]: '60' },
    expect: { status: 200 },
  },
  {
    row: 42,
    name: 'Content-Length: 0',
    request: 'PUT /latest/api/token',
    headers: { [TTL]: '60', 'Content-Length': '0' },
    expect: { status: 200 },
  },
  ...[TTL.toLowerCase(), 'X-Aws-Ec2-Metadata-Token-Ttl-Seconds', TTL.toUpperCase()].map(
    (name): Vector => ({
      row: 43,
      name: `header written ${name}`,
      request: 'PUT /latest/api/token',
      headers: { [name]: '60' },
      expect: { status: 200 },
    }),
  ),
  {
    row: 50,
    name: 'trailing slash',
    request: 'PUT /latest/api/token/',
    headers: { [TTL]: '60' },
    expect: { status: 200 },
  },
];
