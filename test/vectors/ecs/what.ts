import type { Vector } from '../vector.ts';
import { SIGNED, DENIED, refused } from './expected.ts';

export const what: readonly Vector[] = [
  // Bad: what is asked
  {
    row: 26,
    name: 'unknown profile',
    request: 'GET /v1/credentials/unknown',
    headers: SIGNED,
    expect: { status: 400, json: { code: 'InvalidIdInRequest', Code: 'InvalidIdInRequest' } },
  },
  {
    row: 26,
    name: 'unknown profile without the secret: not told that it is unknown',
    request: 'GET /v1/credentials/unknown',
    expect: DENIED,
  },
  {
    row: 27,
    name: 'traversal',
    request: 'GET /v1/credentials/../x',
    headers: SIGNED,
    expect: { ...refused(400), told: /traversal/ },
    over: 'socket',
  },
  {
    row: 27,
    name: 'encoded dots',
    request: 'GET /v1/credentials/%2e%2e/x',
    headers: SIGNED,
    expect: refused(400),
    over: 'socket',
  },
  {
    row: 27,
    name: 'encoded dots and slash: a profile of that name',
    request: 'GET /v1/credentials/%2e%2e%2fx',
    headers: SIGNED,
    expect: { status: 400, json: { code: 'InvalidIdInRequest' } },
  },
  {
    row: 27,
    name: 'encoded NUL',
    request: 'GET /v1/credentials/%00',
    headers: SIGNED,
    expect: refused(400),
    over: 'socket',
  },
  {
    row: 28,
    name: 'a path of nobody',
    request: 'GET /nothing',
    headers: SIGNED,
    expect: {
      status: 404,
      headers: { 'content-type': 'application/json' },
      json: { code: 'NotFound', Code: 'NotFound', message: /./, Message: /./ },
    },
  },
  ...['POST', 'PUT', 'DELETE', 'PATCH'].map((method): Vector => ({
    row: 29,
    name: `${method} on the path`,
    request: `${method} /v1/credentials`,
    headers: SIGNED,
    expect: {
      status: 405,
      headers: { allow: 'GET, HEAD', 'content-type': 'application/json' },
      json: { code: 'MethodNotAllowed' },
    },
  })),
  {
    row: 30,
    name: 'OPTIONS with Origin: no preflight succeeds',
    request: 'OPTIONS /v1/credentials',
    headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'GET' },
    expect: { status: 405, headers: { allow: 'GET, HEAD' } },
  },
];
