import type { Vector } from '../vector.ts';
import { ARM, error, INVALID, Q, T, token, V, withMetadata } from './expected.ts';

const FORBIDDEN = error(403, 'forbidden', /^the request is refused$/);

/** What the parser or the guard decides. */
const lines: readonly Vector[] = [
  ...(
    [
      ['X-Forwarded-For', '1.2.3.4'],
      ['X-Forwarded-For', ''],
      ['x-FORWARDED-for', '127.0.0.1'],
      ['Forwarded', 'for=1.2.3.4'],
      ['X-Forwarded-Host', 'x'],
      ['Via', '1.1 x'],
    ] as const
  ).map(([name, value]): Vector => ({
    row: name.toLowerCase() === 'x-forwarded-for' ? 35 : 36,
    name: `a proxy asks: ${name}: ${value}`,
    request: `GET ${T}?${Q}`,
    headers: { [name]: value },
    expect: { ...INVALID, told: /forwarding header/ },
  })),
  {
    row: 47,
    name: 'a page asks whether it may',
    request: `OPTIONS ${T}?${Q}`,
    headers: {
      Origin: 'http://evil.example',
      'Access-Control-Request-Method': 'GET',
      'Access-Control-Request-Headers': 'metadata',
    },
    expect: { ...error(405, 'method_not_allowed'), headers: { allow: 'GET' } },
  },
  ...(
    [
      ['Origin', 'http://evil.example'],
      ['Sec-Fetch-Site', 'cross-site'],
      ['Referer', 'http://evil.example/'],
    ] as const
  ).map(([name, value]): Vector => ({
    row: 48,
    name: `a page asks: ${name}`,
    request: `GET ${T}?${Q}`,
    headers: { [name]: value },
    expect: { ...FORBIDDEN, told: /browser header/ },
  })),
  ...['evil.example', '169.254.169.254.evil.example', 'metadata.google.internal', ''].map(
    (host): Vector => ({
      row: 49,
      name: `Host: ${host}`,
      request: `GET ${T}?${Q}`,
      headers: { Host: host },
      expect: { ...FORBIDDEN, told: /foreign Host/ },
    }),
  ),
  ...['169.254.169.254', '169.254.169.254:80', '127.0.0.1', 'localhost', 'LOCALHOST:80'].map(
    (host): Vector => ({
      row: 50,
      name: `Host: ${host}`,
      request: `GET ${T}?${Q}`,
      headers: { Host: host },
      expect: token(),
    }),
  ),
  ...['\\oauth2\\token', '\\oauth2/token', '/oauth2\\token'].map((rest): Vector => ({
    row: 53,
    name: `a backslash: ${rest}`,
    request: `GET /metadata/identity${rest}?${Q}`,
    expect: INVALID,
  })),
  ...[
    'x/../identity/oauth2/token',
    './identity/oauth2/token',
    'x/%2e%2e/identity/oauth2/token',
  ].map((path): Vector => ({
    row: 55,
    name: `a path that climbs: ${path}`,
    request: `GET /metadata/${path}?${Q}`,
    expect: { ...INVALID, told: /traversal/ },
  })),
  ...['%00', '%0d%0aX-Injected:%201'].map((bytes): Vector => ({
    row: 57,
    name: `${bytes} in the path`,
    request: `GET ${T}${bytes}?${Q}`,
    expect: { ...INVALID, headers: { 'x-injected': 'absent' } },
  })),
  ...[`"`, '<script>'].map((text): Vector => ({
    row: 58,
    name: `raw in the resource: ${text}`,
    request: `GET ${T}?${V}&resource=${ARM}${text}`,
    expect: INVALID,
  })),
  {
    row: 58,
    name: 'a resource of 10 000 characters',
    request: `GET ${T}?${V}&resource=https://${'x'.repeat(10_000)}`,
    expect: error(400, 'invalid_request', /too long/),
  },
  {
    row: 62,
    name: 'a path of 9 kB',
    request: `GET /metadata/${'x'.repeat(9000)}`,
    expect: error(414, 'invalid_request'),
  },
  {
    row: 64,
    name: 'a body of 1 MB is refused before it is read',
    request: `GET ${T}?${Q}`,
    headers: { 'Content-Length': '1000000' },
    expect: { ...error(413, 'invalid_request'), headers: { connection: 'close' } },
  },
];

export const hostile: readonly Vector[] = lines.map((line) =>
  withMetadata({ ...line, over: 'socket' }),
);
