import { SECRET } from '../../support/endpoint-world.ts';
import type { Vector } from '../vector.ts';
import {
  ARM,
  error,
  NO_IDENTITY,
  NOT_FOUND,
  OTHER,
  Q,
  T,
  token,
  withMetadata,
} from './expected.ts';

const P = '/azure/{secret}';

const lines: readonly Vector[] = [
  {
    row: [138, 139],
    name: 'the secret in the path',
    request: `GET ${P}${T}?${Q}`,
    expect: token(),
  },
  {
    row: 138,
    name: 'with slashes as a client makes them',
    request: `GET /${P}/${T}/?${Q}`,
    expect: token(),
  },
  {
    row: 138,
    name: 'an identity by client id',
    request: `GET ${P}${T}?${Q}&client_id=${OTHER.clientId}`,
    expect: token(ARM, { identity: OTHER }),
  },
  {
    row: 138,
    name: 'an unknown identity',
    request: `GET ${P}${T}?${Q}&client_id=x`,
    expect: NO_IDENTITY,
  },
  {
    row: 138,
    name: 'the instance',
    request: `GET ${P}/metadata/instance?api-version=2021-12-13`,
    expect: { status: 200, body: /^\{"compute":/ },
  },
  ...[
    'x',
    'undefined',
    `${SECRET}x`,
    SECRET.slice(0, -1),
    SECRET.toUpperCase(),
    `%53${SECRET.slice(1)}`,
  ].map((wrong): Vector => ({
    row: 138,
    name: `a wrong secret is a path that is not there: ${wrong.replace(SECRET, 'S')}`,
    request: `GET /azure/${wrong}${T}?${Q}`,
    expect: { ...NOT_FOUND, told: /^wrong secret in the path$/ },
  })),
  ...['/azure', '/azure/', `/azure${T}`, P, `${P}/`, `${P}/nothing`, `${P}${T}/x`].map(
    (path): Vector => ({
      row: 138,
      name: `there is nothing at ${path}`,
      request: `GET ${path}?${Q}`,
      expect: { status: 404, headers: { 'content-type': 'application/json' } },
    }),
  ),
  {
    row: 138,
    name: 'the right secret does not stand for the header',
    request: `GET ${P}${T}?${Q}`,
    headers: { Metadata: [] },
    expect: error(400, 'invalid_request', /Metadata/),
  },
  {
    row: 138,
    name: 'nor a wrong one',
    request: `GET /azure/x${T}?${Q}`,
    headers: { Metadata: [] },
    expect: NOT_FOUND,
  },
  ...[
    `${P}/x/../metadata`,
    `${P}\\metadata`,
    `${P}/metadata/%00`,
    `${P}/${'x'.repeat(5000)}`,
    `/azure/%2e%2e/${SECRET.slice(0, 30)}`,
  ].map((path): Vector => ({
    row: 138,
    name: `no log has the secret: ${path.slice(0, 40)}`,
    request: `GET ${path}`,
    expect: { status: path.length > 4096 ? 414 : 400, told: /^(?!.*S3cret)(?:target|traversal)/ },
    over: 'socket',
  })),
];

/** The metadata service behind a secret in the path, for Terraform. */
export const behindSecret: readonly Vector[] = lines.map(withMetadata);
