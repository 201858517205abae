import { session } from '../../support/endpoint-world.ts';
import type { Vector } from '../vector.ts';
import { SIGNED, CREDENTIALS, GOOD } from './expected.ts';

export const good: readonly Vector[] = [
  // Good
  {
    row: [1, 6, 16],
    name: 'the six fields, one object and nothing behind it',
    request: 'GET /v1/credentials',
    headers: SIGNED,
    expect: { ...GOOD, fields: Object.keys(CREDENTIALS) },
  },
  {
    row: 1,
    name: 'no role behind the session: no RoleArn, and no null',
    given: (world) => void (world.session = { ...world.session, roleArn: undefined }),
    request: 'GET /v1/credentials',
    headers: SIGNED,
    expect: {
      status: 200,
      fields: ['AccessKeyId', 'SecretAccessKey', 'Token', 'Expiration', 'AccountId'],
    },
  },
  {
    row: 3,
    name: 'Accept: */*',
    request: 'GET /v1/credentials',
    headers: { ...SIGNED, Accept: '*/*' },
    expect: GOOD,
  },
  {
    row: 3,
    name: 'Accept: text/html',
    request: 'GET /v1/credentials',
    headers: { ...SIGNED, Accept: 'text/html' },
    expect: GOOD,
  },
  {
    row: 4,
    name: 'Accept-Encoding: gzip',
    request: 'GET /v1/credentials',
    headers: { ...SIGNED, 'Accept-Encoding': 'gzip, deflate, br' },
    expect: GOOD,
  },
  {
    row: [2, 5],
    name: 'lower-case header name, no Accept, no User-Agent',
    request: 'GET /v1/credentials',
    headers: { authorization: '{secret}' },
    expect: GOOD,
  },
  {
    row: 8,
    name: 'a query is nobody’s business',
    request: 'GET /v1/credentials?x=1',
    headers: SIGNED,
    expect: GOOD,
  },
  {
    row: 9,
    name: 'trailing slash',
    request: 'GET /v1/credentials/',
    headers: SIGNED,
    expect: GOOD,
  },
  {
    row: 10,
    name: 'repeated slashes',
    request: 'GET //v1//credentials',
    headers: SIGNED,
    expect: GOOD,
  },
  {
    row: 11,
    name: 'another profile by name',
    request: 'GET /v1/credentials/other',
    headers: SIGNED,
    expect: { status: 200, json: { ...CREDENTIALS, AccessKeyId: 'ASIAOTHEREXAMPLE0000' } },
  },
  {
    row: 13,
    name: 'HEAD',
    request: 'HEAD /v1/credentials',
    headers: SIGNED,
    expect: { status: 200, body: '' },
  },
  {
    row: 17,
    name: 'a session token of 4 KB: less than 10,000 bytes in all',
    given: (world) => void (world.session = session(world.clock.now(), 'main', 4096)),
    request: 'GET /v1/credentials',
    headers: SIGNED,
    expect: { ...GOOD, headers: { 'content-length': /^\d{4}$/ } },
  },
];
