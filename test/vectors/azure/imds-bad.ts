import { FORBIDDEN_RESOURCE } from '../../support/azure-identities.ts';
import type { Vector } from '../vector.ts';
import {
  ARM,
  as,
  error,
  INVALID,
  MAIN,
  NO_IDENTITY,
  OTHER,
  Q,
  T,
  token,
  V,
  withMetadata,
} from './expected.ts';

const UNKNOWN = '99999999-0000-4000-8000-000000000009';

/** Without the header nobody is asked anything: it may be a client that looks whether we are here. */
const NO_METADATA = error(400, 'invalid_request', /^the header Metadata: true is missing$/);

const probes: readonly Vector[] = [
  {
    row: 31,
    name: 'no Metadata header',
    given: (world) => void (world.upstream = 'hangs'),
    request: `GET ${T}?${Q}`,
    expect: NO_METADATA,
  },
  {
    row: 32,
    name: 'neither header nor query, as JavaScript and Go look for us',
    given: (world) => void (world.upstream = 'hangs'),
    request: `GET ${T}`,
    expect: NO_METADATA,
  },
  ...['True', 'TRUE', '1', 'yes', '', 'true, true', 'true,true', 'true;', '"true"'].map(
    (value): Vector => ({
      row: 33,
      name: `Metadata: ${value}`,
      request: `GET ${T}?${Q}`,
      headers: { Metadata: value },
      expect: { ...NO_METADATA, told: /Metadata/ },
    }),
  ),
  {
    row: 34,
    name: 'the header twice',
    request: `GET ${T}?${Q}`,
    headers: { Metadata: ['true', 'true'] },
    expect: NO_METADATA,
  },
  {
    row: 45,
    name: 'msi-res-id as .NET looks for us, without the header',
    request: `GET ${T}?${Q}&msi-res-id=${OTHER.resourceId}`,
    expect: NO_METADATA,
  },
];

const lines: readonly Vector[] = [
  ...['', '&resource=', '&resource=%20', '&resource=+', '&resource'].map((resource): Vector => ({
    row: 37,
    name: `no resource: ${resource}`,
    request: `GET ${T}?${V}${resource}`,
    expect: error(400, 'invalid_request', /resource/),
  })),
  {
    row: 38,
    name: 'no api-version',
    request: `GET ${T}?resource=${ARM}`,
    expect: error(400, 'invalid_request', /api-version/),
  },
  ...['1999-01-01', 'abc', '2018-02-01x', '2017-12-01', '2018-13-01', '2018-02-1'].map(
    (version): Vector => ({
      row: 39,
      name: `api-version=${version}`,
      request: `GET ${T}?api-version=${version}&resource=${ARM}`,
      expect: error(400, 'invalid_request', /api-version/),
    }),
  ),
  ...[
    `resource=${ARM}`,
    `resource=`,
    V,
    `client_id=${MAIN.clientId}&client_id=${MAIN.clientId}`,
  ].map((more): Vector => ({
    row: 40,
    name: `given twice: ${more}`,
    request: `GET ${T}?${Q}&${more}`,
    expect: error(400, 'invalid_request', /twice/),
  })),
  ...[
    `client_id=${MAIN.clientId}&object_id=${MAIN.objectId}`,
    `object_id=${OTHER.objectId}&msi_res_id=${OTHER.resourceId}`,
    `msi_res_id=${OTHER.resourceId}&mi_res_id=${OTHER.resourceId}`,
  ].map((two): Vector => ({
    row: 41,
    name: `two names of an identity: ${two.slice(0, 9)}`,
    request: `GET ${T}?${Q}&${two}`,
    expect: error(400, 'invalid_request', /one way/),
  })),
  ...(
    [
      [42, `client_id=${UNKNOWN}`],
      [43, 'client_id=not-a-guid'],
      [42, `object_id=${UNKNOWN}`],
      [42, `client_id=${MAIN.objectId}`],
      [42, `object_id=${MAIN.clientId}`],
      [44, 'msi_res_id=/subscriptions/x/resourceGroups/y'],
      [44, 'mi_res_id=undefined'],
    ] as const
  ).map(([row, unknown]): Vector => ({
    row,
    name: `no such identity: ${unknown}`,
    request: `GET ${T}?${Q}&${unknown}`,
    expect: { ...NO_IDENTITY, told: /Identity not found/ },
  })),
  {
    row: 42,
    name: 'no identity at all, though the workload has tokens of another cloud',
    given: as({ identities: [], profiles: () => ['main'] }),
    request: `GET ${T}?${Q}`,
    expect: NO_IDENTITY,
  },
  {
    row: 42,
    name: 'nobody is told no more',
    given: (world) => void (world.nobody = true),
    request: `GET ${T}?${Q}`,
    expect: { ...NO_IDENTITY, told: /nobody/ },
  },
  {
    row: 45,
    name: 'msi-res-id with the header',
    request: `GET ${T}?${Q}&msi-res-id=${OTHER.resourceId}`,
    expect: token(ARM, { identity: OTHER }),
  },
  ...['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'].map((method): Vector => ({
    row: 46,
    name: `${method} is no way to ask`,
    request: `${method} ${T}?${Q}`,
    expect:
      method === 'HEAD'
        ? { status: 405, headers: { allow: 'GET' }, body: '' }
        : { ...error(405, 'method_not_allowed'), headers: { allow: 'GET' } },
  })),
  ...['identity%5Coauth2%5Ctoken', 'identity%5coauth2/token', '%69dentity/oauth2/token'].map(
    (path): Vector => ({
      row: /%5c/i.test(path) ? 53 : 54,
      name: `what might be decoded into the token path: ${path}`,
      request: `GET /metadata/${path}?${Q}`,
      expect: INVALID,
    }),
  ),
  ...['identity/%6fauth2/token', 'identity%2Foauth2%2Ftoken', 'identity/oauth2/token%20'].map(
    (path): Vector => ({
      row: 54,
      name: `an encoded path is not decoded: ${path}`,
      request: `GET /metadata/${path}?${Q}`,
      expect: INVALID,
    }),
  ),
  ...[`${T}/extra`, '/metadata/identity/oauth2', '/metadata/identity', '/metadata', `${T}x`].map(
    (path): Vector => ({
      row: 56,
      name: `there is nothing at ${path}`,
      request: `GET ${path}?${Q}`,
      expect: error(404, 'not_found'),
    }),
  ),
  ...[`${T};x=1`, `${T};x=1/`].map((path): Vector => ({
    row: 57,
    name: `a path with parameters: ${path}`,
    request: `GET ${path}?${Q}`,
    expect: INVALID,
  })),
  ...['%00', '%0d%0aX-Injected:%201', '%1f', '%7f', '%C2%85'].map((bytes): Vector => ({
    row: [57, 58],
    name: `${bytes} in the resource`,
    request: `GET ${T}?${V}&resource=${ARM}${bytes}`,
    expect: { ...INVALID, headers: { 'x-injected': 'absent' } },
  })),
  ...['%00', '%0d%0a'].map((bytes): Vector => ({
    row: 57,
    name: `${bytes} in another value`,
    request: `GET ${T}?${Q}&client_id=${bytes}`,
    expect: INVALID,
  })),
  ...['%22', '%3Cscript%3E', '%5C', '%C3%A9', '%E2%82%AC', '%60', '%5E'].map((text): Vector => ({
    row: 58,
    name: `no resource has ${text}`,
    request: `GET ${T}?${V}&resource=https://x${text}`,
    expect: { ...INVALID, body: /^[^<>\\]+$/ },
  })),
  {
    row: 58,
    name: 'a resource of 3000 characters',
    request: `GET ${T}?${V}&resource=https://${'x'.repeat(3000)}`,
    expect: error(400, 'invalid_request', /too long/),
  },
  ...['https://a%20b', `${ARM}+https://vault.azure.net`, `+${ARM}`, `${ARM}%C2%A0`].map(
    (resource): Vector => ({
      row: 59,
      name: `white space in the resource: ${resource}`,
      request: `GET ${T}?${V}&resource=${resource}`,
      expect: error(400, 'invalid_scope'),
    }),
  ),
  ...[`${ARM}.default`, `${ARM}/.default`, 'https://management.azure.com/.default'].map(
    (resource): Vector => ({
      row: 60,
      name: `a scope is no resource: ${resource}`,
      request: `GET ${T}?${V}&resource=${resource}`,
      expect: error(400, 'invalid_resource', /\.default/),
    }),
  ),
  {
    row: 61,
    name: 'a resource that is not granted',
    request: `GET ${T}?${V}&resource=${FORBIDDEN_RESOURCE}`,
    expect: {
      ...error(403, 'access_denied', /forbidden\.example/),
      body: /^(?!.*unreachable)/i,
      told: /SCOPE_NOT_GRANTED/,
    },
  },
  ...['%zz', '%', '%c3%28', '%ff'].map((bytes): Vector => ({
    row: 63,
    name: `${bytes} in the resource`,
    request: `GET ${T}?${V}&resource=${ARM}${bytes}`,
    expect: error(400, 'invalid_request', /percent-encoded/),
  })),
];

export const bad: readonly Vector[] = [...probes, ...lines.map(withMetadata)];
