import type { ErrorCode } from '../../../src/core/errors.ts';
import type { Vector } from '../vector.ts';
import { error, Q, T, withMetadata } from './expected.ts';

/** What Entra answers, and what is made of it. https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const NUMBERS: readonly (readonly [status: number, word: string, numbers: string, row: number])[] =
  [
    [400, 'unauthorized_client', '7000215', 78],
    [400, 'unauthorized_client', '7000222 700016 7000112 700027 700024 70021 700211 700212', 78],
    [400, 'unauthorized_client', '700213 50034 50126 50076 50079 50173 70043 700082', 78],
    [400, 'invalid_request', '90002', 78],
    [400, 'invalid_resource', '500011 50001', 79],
    [400, 'invalid_scope', '70011', 79],
    [403, 'access_denied', '65001 53003', 80],
    [429, 'too_many_requests', '50196 90055', 76],
    [503, 'service_unavailable', '90033', 77],
  ];

const CODES: readonly (readonly [ErrorCode, number, string])[] = [
  ['UPSTREAM_THROTTLED', 429, 'too_many_requests'],
  ['UPSTREAM_UNAVAILABLE', 503, 'service_unavailable'],
  ['UPSTREAM_MALFORMED', 503, 'service_unavailable'],
  ['UPSTREAM_CLOCK_SKEW', 503, 'service_unavailable'],
  ['STORE_LOCKED', 503, 'service_unavailable'],
  ['STORE_UNREACHABLE', 503, 'service_unavailable'],
  ['NOT_READY', 503, 'service_unavailable'],
  ['INTERNAL', 503, 'service_unavailable'],
  ['UPSTREAM_BAD_CREDENTIAL', 400, 'unauthorized_client'],
  ['LOGIN_REQUIRED', 400, 'unauthorized_client'],
  ['CREDENTIAL_EXPIRED', 400, 'unauthorized_client'],
  ['SECRET_MISSING', 400, 'unauthorized_client'],
  ['UPSTREAM_INVALID', 400, 'invalid_request'],
  ['UPSTREAM_DENIED', 403, 'access_denied'],
  ['IMPLICIT_FORBIDDEN', 403, 'access_denied'],
];

const lines: readonly Vector[] = [
  ...NUMBERS.flatMap(([status, word, numbers, row]) =>
    numbers.split(' ').map((number): Vector => ({
      row,
      name: `AADSTS${number}: its number, and no word of what Entra said`,
      given: (world) => {
        world.upstream = { code: 'UPSTREAM_BAD_CREDENTIAL', upstreamCode: `AADSTS${number}` };
      },
      request: `GET ${T}?${Q}`,
      expect: {
        ...error(status, word, new RegExp(`AADSTS${number}\\b`)),
        body: /^(?!.*unreachable)/i,
        told: new RegExp(`AADSTS${number}\\b`),
      },
    })),
  ),
  ...CODES.map(([code, status, word]): Vector => ({
    row: status === 503 ? 77 : status === 429 ? 76 : 78,
    name: `${code}: asked again only where that may help`,
    given: (world) => void (world.upstream = { code }),
    request: `GET ${T}?${Q}`,
    expect: { ...error(status, word), told: new RegExp(code) },
  })),
];

export const upstream: readonly Vector[] = lines.map(withMetadata);
