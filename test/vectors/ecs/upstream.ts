import type { Vector } from '../vector.ts';
import { SIGNED, GOOD, DENIED } from './expected.ts';

export const upstream: readonly Vector[] = [
  // Bad: upstream
  {
    row: 31,
    name: 'the cloud denies',
    given: (world) =>
      void (world.upstream = { code: 'UPSTREAM_DENIED', upstreamCode: 'AccessDenied' }),
    request: 'GET /v1/credentials',
    headers: SIGNED,
    expect: { ...DENIED, fields: ['Code', 'HTTPErrorCode', 'Message', 'code', 'message'] },
  },
  {
    row: 33,
    name: 'the cloud throttles and nothing is cached',
    given: (world) => void (world.upstream = { code: 'UPSTREAM_THROTTLED' }),
    request: 'GET /v1/credentials',
    headers: SIGNED,
    expect: { status: 429, headers: { 'retry-after': /^[1-5]$/ }, json: { code: 'Throttling' } },
  },
  {
    row: 35,
    name: 'the cloud is away and what was cached has expired',
    given: (world) => void (world.upstream = { code: 'UPSTREAM_UNAVAILABLE' }),
    request: 'GET /v1/credentials',
    headers: SIGNED,
    expect: { status: 503, json: { code: 'CredentialsUnavailable' } },
  },
  {
    row: 37,
    name: 'an expired credential at hand after a resume',
    given: (world) => world.clock.suspend(3_600_000),
    request: 'GET /v1/credentials',
    headers: SIGNED,
    expect: { status: 503, json: { code: 'CredentialsUnavailable' } },
  },
  {
    row: 37,
    name: 'one second of life is still served, with its true expiry',
    given: (world) => world.clock.suspend(3_599_000),
    request: 'GET /v1/credentials',
    headers: SIGNED,
    expect: GOOD,
  },
];
