import { ACCOUNT, caller } from '../../support/endpoint-world.ts';
import type { Vector } from '../vector.ts';
import { ROLES, TOKEN, PLAIN, text, UNAUTHORIZED } from './expected.ts';

export const about: readonly Vector[] = [
  // Data: everything else
  {
    row: 71,
    name: 'region',
    request: 'GET /latest/meta-data/placement/region',
    headers: TOKEN,
    expect: text('eu-west-1'),
  },
  {
    row: 72,
    name: 'zone',
    request: 'GET /latest/meta-data/placement/availability-zone',
    headers: TOKEN,
    expect: text('eu-west-1a'),
  },
  {
    row: 72,
    name: 'zone with a slash',
    request: 'GET /latest/meta-data/placement/availability-zone/',
    headers: TOKEN,
    expect: text('eu-west-1a'),
  },
  {
    row: 71,
    name: 'no region: not an empty one',
    given: (world) => void (world.caller = caller({ region: undefined })),
    request: 'GET /latest/meta-data/placement/region',
    headers: TOKEN,
    expect: { status: 404 },
  },
  {
    row: 73,
    name: 'the identity document',
    request: 'GET /latest/dynamic/instance-identity/document',
    headers: TOKEN,
    expect: {
      status: 200,
      json: {
        region: 'eu-west-1',
        availabilityZone: 'eu-west-1a',
        accountId: ACCOUNT,
        instanceId: /^i-[0-9a-f]{17}$/,
      },
      fields: ['region', 'availabilityZone', 'accountId', 'instanceId', 'version'],
    },
  },
  {
    row: 73,
    name: 'the identity document while the cloud is away: the region all the same, no account',
    given: (world) => void (world.upstream = { code: 'UPSTREAM_UNAVAILABLE' }),
    request: 'GET /latest/dynamic/instance-identity/document',
    headers: TOKEN,
    expect: { status: 200, fields: ['region', 'availabilityZone', 'instanceId', 'version'] },
  },
  {
    row: 74,
    name: 'iam/info, in the account of the session',
    request: 'GET /latest/meta-data/iam/info',
    headers: TOKEN,
    expect: {
      status: 200,
      json: {
        Code: 'Success',
        LastUpdated: '2026-11-02T09:00:00Z',
        InstanceProfileArn: `arn:aws:iam::${ACCOUNT}:instance-profile/app-role`,
        InstanceProfileId: /^AIPA[0-9A-Z]{17}$/,
      },
    },
  },
  {
    row: 75,
    name: 'instance-id',
    request: 'GET /latest/meta-data/instance-id',
    headers: TOKEN,
    expect: text(/^i-0000000[0-9a-f]{10}$/),
  },
  {
    row: 77,
    name: 'children of meta-data',
    request: 'GET /latest/meta-data/',
    headers: TOKEN,
    expect: text(/^iam\/\ninstance-id\nplacement\/\nservices\/$/),
  },
  {
    row: 78,
    name: 'the root is nobody’s',
    request: 'GET /',
    headers: TOKEN,
    expect: { status: 404 },
  },
  {
    row: 78,
    name: '/latest',
    request: 'GET /latest',
    headers: TOKEN,
    expect: text('dynamic\nmeta-data'),
  },
  {
    row: 78,
    name: '/1.0',
    request: 'GET /1.0',
    headers: TOKEN,
    expect: { status: 404, headers: PLAIN },
  },
  {
    row: 78,
    name: 'user-data',
    request: 'GET /latest/user-data',
    headers: TOKEN,
    expect: { status: 404, headers: PLAIN },
  },
  {
    row: 78,
    name: 'user-data without a token is not even absent',
    request: 'GET /latest/user-data',
    expect: UNAUTHORIZED,
  },
  ...['PUT', 'POST', 'DELETE'].map((method): Vector => ({
    row: 79,
    name: `${method} on data`,
    request: `${method} ${ROLES}/app-role`,
    headers: TOKEN,
    expect: { status: 405, headers: { allow: 'GET, HEAD' } },
  })),
  {
    row: 80,
    name: 'denied: a document that is no success and has no key in it',
    given: (world) =>
      void (world.upstream = { code: 'UPSTREAM_DENIED', upstreamCode: 'AccessDenied' }),
    request: `GET ${ROLES}/app-role`,
    headers: TOKEN,
    expect: {
      status: 200,
      json: { Code: 'AssumeRoleUnauthorizedAccess' },
      fields: ['Code', 'Message'],
    },
  },
  {
    row: 80,
    name: 'an expired source session, in the cloud’s own word',
    given: (world) =>
      void (world.upstream = { code: 'UPSTREAM_BAD_CREDENTIAL', upstreamCode: 'ExpiredToken' }),
    request: `GET ${ROLES}/app-role`,
    headers: TOKEN,
    expect: { status: 200, json: { Code: 'ExpiredToken' }, fields: ['Code', 'Message'] },
  },
  ...(['UPSTREAM_UNAVAILABLE', 'UPSTREAM_THROTTLED', 'NOT_READY', 'INTERNAL'] as const).map(
    (code): Vector => ({
      row: 81,
      name: `${code}: the status on which everybody keeps what they have`,
      given: (world) => void (world.upstream = { code }),
      request: `GET ${ROLES}/app-role`,
      headers: TOKEN,
      expect: { status: 500, fields: ['Code', 'Message'] },
    }),
  ),
  {
    row: 81,
    name: 'an expired credential at hand',
    given: (world) => world.clock.suspend(3_600_000),
    request: `GET ${ROLES}/app-role`,
    headers: TOKEN,
    expect: { status: 500 },
  },
];
