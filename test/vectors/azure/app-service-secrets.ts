import { SECRET } from '../../support/endpoint-world.ts';
import type { Vector } from '../vector.ts';
import { appError, ARM } from './expected.ts';

const E = '/msi/token';
const Q = `api-version=2019-08-01&resource=${ARM}`;
const OLD = `api-version=2017-09-01&resource=${ARM}`;
const UNAUTHORIZED = { ...appError(401, /secret/), told: /secret/ };

const wrong = [
  `${SECRET}x`,
  SECRET.slice(0, -1),
  SECRET.toLowerCase(),
  `x${SECRET}`,
  `Bearer ${SECRET}`,
  `"${SECRET}"`,
  '',
  'undefined',
];

/** Who asks is told by the secret in a header, and by nothing else. */
export const appServiceSecrets: readonly Vector[] = [
  { row: 104, name: 'no secret', request: `GET ${E}?${Q}`, expect: UNAUTHORIZED },
  {
    row: 104,
    name: 'no secret, and nothing else right either',
    request: `GET ${E}`,
    expect: UNAUTHORIZED,
  },
  ...wrong.map((value): Vector => ({
    row: 105,
    name: `a wrong secret: ${value.replace(SECRET, 'S')}`,
    request: `GET ${E}?${Q}`,
    headers: { 'X-IDENTITY-HEADER': value },
    expect: UNAUTHORIZED,
  })),
  {
    row: 105,
    name: 'a secret of somebody whose workload is gone',
    given: (world) => void (world.nobody = true),
    request: `GET ${E}?${Q}`,
    headers: { 'X-IDENTITY-HEADER': '{secret}' },
    expect: UNAUTHORIZED,
  },
  ...['X-IDENTITY-HEADER', 'x-identity-header', 'secret', 'code'].map((name): Vector => ({
    row: 106,
    name: `the secret in the query: ${name}`,
    request: `GET ${E}?${Q}&${name}={secret}`,
    expect: UNAUTHORIZED,
  })),
  {
    row: 106,
    name: 'the secret in a header of another name',
    request: `GET ${E}?${Q}`,
    headers: { Authorization: 'Bearer {secret}' },
    expect: UNAUTHORIZED,
  },
  ...(
    [
      { 'X-IDENTITY-HEADER': ['{secret}', 'x'] },
      { 'X-IDENTITY-HEADER': ['x', '{secret}'] },
      { 'X-IDENTITY-HEADER': ['{secret}', '{secret}'] },
      { 'X-IDENTITY-HEADER': '{secret}', Secret: 'x' },
      { 'X-IDENTITY-HEADER': '', 'x-ms-identity': '{secret}' },
    ] as const
  ).map((headers): Vector => ({
    row: 107,
    name: `two secrets: ${Object.keys(headers).join()}`,
    request: `GET ${E}?${Q}`,
    headers,
    expect: UNAUTHORIZED,
  })),
  ...['', 'x', `${SECRET}x`].map((value): Vector => ({
    row: 134,
    name: `Azure Machine Learning, a wrong secret: ${value.replace(SECRET, 'S')}`,
    request: `GET ${E}?${OLD}&clientid=`,
    headers: { secret: value, Metadata: 'true' },
    expect: UNAUTHORIZED,
  })),
];
