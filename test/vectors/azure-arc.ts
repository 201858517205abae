import { CHALLENGE } from '../support/endpoint-world.ts';
import { entraToken } from '../support/azure-identities.ts';
import type { Expectation, Vector } from './vector.ts';
import {
  ARM,
  error,
  INVALID,
  MAIN,
  NO_IDENTITY,
  NOT_FOUND,
  NOW,
  OTHER,
  T,
  token,
} from './azure/expected.ts';

const Q = `api-version=2020-06-01&resource=${ARM}`;
const M = { Metadata: 'true' };
const PROVEN = { ...M, Authorization: `Basic ${CHALLENGE.key}` };

/** No quotes, one equals sign: clients split at it. */
const CHALLENGED: Expectation = {
  ...error(401, 'unauthorized'),
  headers: { 'www-authenticate': `Basic realm=${CHALLENGE.file}` },
};

const lines: readonly Vector[] = [
  { row: 119, name: 'a challenge', request: `GET ${T}?${Q}`, headers: M, expect: CHALLENGED },
  {
    row: 119,
    name: 'a challenge at the path with slashes',
    request: `GET /${T}/?${Q}`,
    headers: M,
    expect: CHALLENGED,
  },
  {
    row: 119,
    name: 'nobody is challenged where nobody is recognised',
    given: (world) => void (world.nobody = true),
    request: `GET ${T}?${Q}`,
    headers: M,
    expect: { ...error(403, 'forbidden'), told: /nobody/ },
  },
  {
    row: 120,
    name: 'the answer to it',
    request: `GET ${T}?${Q}`,
    headers: PROVEN,
    expect: token(),
  },
  ...[
    `Basic ${CHALLENGE.key}x`,
    `Basic ${Buffer.from(CHALLENGE.key).toString('base64')}`,
    `Bearer ${CHALLENGE.key}`,
    CHALLENGE.key,
    `Basic ${CHALLENGE.key} x`,
    'Basic',
    'Basic ',
    '',
  ].map((authorization): Vector => ({
    row: 121,
    name: `a wrong answer is challenged again: ${authorization.replace(CHALLENGE.key, 'K')}`,
    request: `GET ${T}?${Q}`,
    headers: { ...M, Authorization: authorization },
    expect: { ...CHALLENGED, told: /challenge file/ },
  })),
  {
    row: 124,
    name: 'an answer without Metadata',
    request: `GET ${T}?${Q}`,
    headers: { Authorization: `Basic ${CHALLENGE.key}` },
    expect: INVALID,
  },
  {
    row: 124,
    name: 'neither',
    request: `GET ${T}?${Q}`,
    expect: INVALID,
  },
  ...['2019-08-15', '2019-11-01', '2020-06-01', '2021-02-01'].map((version): Vector => ({
    row: 125,
    name: `api-version=${version}`,
    request: `GET ${T}?api-version=${version}&resource=${ARM}`,
    headers: PROVEN,
    expect: token(),
  })),
  ...(
    [
      ['client_id', OTHER.clientId.toUpperCase()],
      ['object_id', OTHER.objectId ?? ''],
      ['object_id', OTHER.objectId?.toUpperCase() ?? ''],
      ['msi_res_id', OTHER.resourceId ?? ''],
      ['mi_res_id', OTHER.resourceId?.toLowerCase() ?? ''],
    ] as const
  ).map(([name, value]): Vector => ({
    row: 126,
    name: `the identity is named as it was asked for: ${name}=${value}`,
    request: `GET ${T}?${Q}&${name}=${value}`,
    headers: PROVEN,
    expect: token(ARM, {
      identity: OTHER,
      ...(name === 'client_id' ? { clientId: value } : { more: { [name]: value } }),
    }),
  })),
  {
    row: 126,
    name: 'an unknown identity',
    request: `GET ${T}?${Q}&client_id=x`,
    headers: PROVEN,
    expect: NO_IDENTITY,
  },
  {
    row: 120,
    name: 'no resource',
    request: `GET ${T}?api-version=2020-06-01`,
    headers: PROVEN,
    expect: error(400, 'invalid_request', /resource/),
  },
  {
    row: 120,
    name: 'a token of another resource, byte for byte',
    request: `GET ${T}?api-version=2020-06-01&resource=https://vault.azure.com`,
    headers: PROVEN,
    expect: {
      status: 200,
      json: {
        access_token: entraToken(MAIN, ['https://vault.azure.com/.default'], NOW * 1000, {
          mark: '0',
        }).token,
      },
    },
  },
  ...['/metadata/instance?api-version=2021-02-01', '/metadata/identity', `${T}/x?${Q}`].map(
    (target): Vector => ({
      row: 56,
      name: `there is nothing at ${target}`,
      request: `GET ${target}`,
      headers: M,
      expect: NOT_FOUND,
    }),
  ),
  {
    row: 46,
    name: 'POST is no way to ask',
    request: `POST ${T}?${Q}`,
    headers: M,
    expect: { ...error(405, 'method_not_allowed'), headers: { allow: 'GET' } },
  },
  {
    row: 35,
    name: 'a proxy asks',
    request: `GET ${T}?${Q}`,
    headers: { ...PROVEN, 'X-Forwarded-For': '1.2.3.4' },
    expect: INVALID,
    over: 'socket',
  },
];

export default lines;
