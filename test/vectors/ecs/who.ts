import type { Vector } from '../vector.ts';
import { SIGNED, GOOD, DENIED, refused } from './expected.ts';

export const who: readonly Vector[] = [
  // Bad: who asks
  {
    row: 19,
    name: 'no Authorization',
    request: 'GET /v1/credentials',
    expect: { ...DENIED, told: /no Authorization/ },
  },
  {
    row: 20,
    name: 'wrong secret of the same length',
    request: 'GET /v1/credentials',
    headers: { Authorization: 'X3cret-_0123456789abcdefghijklmnopqrstuvwxyz' },
    expect: { ...DENIED, told: /wrong secret/ },
  },
  {
    row: 21,
    name: 'secret with a space inside',
    request: 'GET /v1/credentials',
    headers: { Authorization: '{secret} {secret}' },
    expect: { ...DENIED, told: /white space/ },
  },
  {
    row: 21,
    name: 'secret with a bare line end behind it',
    request: 'GET /v1/credentials',
    headers: { Authorization: '{secret}\n' },
    expect: { status: 400 },
    over: 'socket',
  },
  {
    row: 21,
    name: 'secret with white space around it',
    request: 'GET /v1/credentials',
    headers: { Authorization: ' {secret} ' },
    expect: GOOD,
    over: 'socket',
    corrected:
      'the row wants 403; white space around a value is no part of it (RFC 9110 section 5.5) and is gone before anybody sees the value, so this is the right secret',
  },
  {
    row: 22,
    name: 'Bearer in front of a raw secret',
    request: 'GET /v1/credentials',
    headers: { Authorization: 'Bearer {secret}' },
    expect: {
      ...DENIED,
      json: { code: 'AccessDenied', message: /raw/, Message: /raw/ },
      told: /scheme/,
    },
  },
  {
    row: 23,
    name: 'two Authorization headers, both right',
    request: 'GET /v1/credentials',
    headers: { Authorization: ['{secret}', '{secret}'] },
    expect: { ...refused(400), told: /second Authorization/ },
    over: 'socket',
  },
  {
    row: 24,
    name: 'empty Authorization',
    request: 'GET /v1/credentials',
    headers: { Authorization: '' },
    expect: DENIED,
  },
  {
    row: 25,
    name: 'secret in the query',
    request: 'GET /v1/credentials?Authorization={secret}&token={secret}',
    expect: DENIED,
  },
  {
    row: 25,
    name: 'secret in a cookie',
    request: 'GET /v1/credentials',
    headers: { Cookie: 'Authorization={secret}' },
    expect: DENIED,
  },
  {
    row: 19,
    name: 'nobody known here, as unlike from a wrong secret as one 403 from another',
    given: (world) => void (world.nobody = true),
    request: 'GET /v1/credentials',
    headers: SIGNED,
    expect: DENIED,
  },
];
