import { hash } from 'node:crypto';

import { entraToken } from '../../support/azure-identities.ts';
import type { Vector } from '../vector.ts';
import { API_VERSIONS } from '../../../src/endpoints/azure/api-versions.ts';
import {
  ARM,
  error,
  held,
  MAIN,
  NOW,
  OTHER,
  Q,
  replacing,
  T,
  token,
  V,
  withMetadata,
} from './expected.ts';

const OK = token();
const digest = (text: string) => hash('sha256', text, 'hex');
const ARM_TOKEN = entraToken(MAIN, [`${ARM}/.default`], NOW * 1000, { mark: '0' }).token;
const GUID = '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d';
const CORE = 'https://management.core.windows.net/';

const lines: readonly Vector[] = [
  { row: [1, 2, 3, 5], name: 'a token', request: `GET ${T}?${Q}`, expect: OK },
  {
    row: 4,
    name: 'expires_in comes before expires_on',
    request: `GET ${T}?${Q}`,
    expect: { status: 200, body: /"expires_in":"3600","expires_on":"\d{10}"/ },
  },
  {
    row: 6,
    name: 'the resource encoded',
    request: `GET ${T}?${V}&resource=https%3A%2F%2Fmanagement.azure.com%2F`,
    expect: OK,
  },
  { row: 6, name: 'the resource raw', request: `GET ${T}?${V}&resource=${ARM}`, expect: OK },
  {
    row: 7,
    name: 'no slash is no slash',
    request: `GET ${T}?${V}&resource=https://management.azure.com`,
    expect: token('https://management.azure.com'),
  },
  {
    row: 8,
    name: 'a slash makes two in the scope',
    request: `GET ${T}?${V}&resource=${CORE}`,
    expect: token(CORE),
  },
  {
    row: 9,
    name: 'an application id',
    request: `GET ${T}?${V}&resource=${GUID}`,
    expect: token(GUID),
  },
  ...API_VERSIONS.filter((version) => version >= '2018-02-01').map((version): Vector => ({
    row: version === '2019-08-01' ? [10, 11] : 11,
    name: `api-version ${version}`,
    request: `GET ${T}?api-version=${version}&resource=${ARM}`,
    expect: OK,
  })),
  {
    row: 11,
    name: 'an api-version that is still to come',
    request: `GET ${T}?api-version=2027-01-15&resource=${ARM}`,
    expect: OK,
  },
  {
    row: 12,
    name: 'the resource first',
    request: `GET ${T}?resource=${ARM}&${V}&object_id=${MAIN.objectId}`,
    expect: OK,
  },
  {
    row: 12,
    name: 'the resource last',
    request: `GET ${T}?client_id=${MAIN.clientId}&${V}&resource=${ARM}`,
    expect: OK,
  },
  ...['foo=1', 'xms_cc=cp1', 'authority=https://x', 'foo=%zz&&=&x', 'Client_Id=x'].map(
    (more): Vector => ({
      row: 13,
      name: `unknown parameters are ignored: ${more}`,
      request: `GET ${T}?${Q}&${more}`,
      expect: OK,
    }),
  ),
  {
    row: 14,
    name: 'the header’s name in lower case',
    request: `GET ${T}?${Q}`,
    headers: { metadata: 'true', Metadata: [] },
    expect: OK,
  },
  ...(
    [
      [15, `${T}/?${Q}`],
      [16, `/${T}?${Q}`],
      [17, `/${T}/?${Q}`],
      [17, `//metadata//identity/oauth2//token//?${Q}`],
      [18, `/Metadata/identity/oauth2/token?${Q}`],
      [18, `/METADATA/identity/oauth2/token?${Q}`],
      [18, `//mEtAdAtA/identity/oauth2/token/?${Q}`],
    ] as const
  ).map(([row, target]): Vector => ({
    row,
    name: `the path ${target}`,
    request: `GET ${target}`,
    expect: OK,
  })),
  ...['/metadata/Identity/oauth2/token', '/metadata/identity/OAuth2/token'].map((path): Vector => ({
    row: 19,
    name: `the rest in another letter case: ${path}`,
    request: `GET ${path}?${Q}`,
    expect: error(404, 'not_found'),
  })),
  {
    row: 20,
    name: 'an identity by client id',
    request: `GET ${T}?${Q}&client_id=${OTHER.clientId}`,
    expect: token(ARM, { identity: OTHER }),
  },
  ...['object_id', 'principal_id'].map((name): Vector => ({
    row: 21,
    name: `an identity by ${name}`,
    request: `GET ${T}?${Q}&${name}=${OTHER.objectId}`,
    expect: token(ARM, { identity: OTHER }),
  })),
  ...['msi_res_id', 'mi_res_id'].flatMap((name) =>
    [
      OTHER.resourceId ?? '',
      encodeURIComponent(OTHER.resourceId ?? ''),
      OTHER.resourceId?.toUpperCase() ?? '',
      OTHER.resourceId?.toLowerCase() ?? '',
    ].map((id): Vector => ({
      row: 22,
      name: `an identity by ${name}: ${id}`,
      request: `GET ${T}?${Q}&${name}=${id}`,
      expect: token(ARM, { identity: OTHER }),
    })),
  ),
  ...['client_id=', 'client_id', 'client_id=&object_id=', 'client_id=%20'].map((none): Vector => ({
    row: 23,
    name: `an empty identity is the default one: ${none}`,
    request: `GET ${T}?${Q}&${none}`,
    expect: OK,
  })),
  {
    row: 23,
    name: 'an empty identity beside one that is none',
    request: `GET ${T}?${Q}&client_id=&object_id=${OTHER.objectId}`,
    expect: token(ARM, { identity: OTHER }),
  },
  {
    row: 24,
    name: 'a client id in upper case, told as it was asked for',
    request: `GET ${T}?${Q}&client_id=${OTHER.clientId.toUpperCase()}`,
    expect: token(ARM, { identity: OTHER, clientId: OTHER.clientId.toUpperCase() }),
  },
  ...['true', 'TRUE'].map((value): Vector => ({
    row: 25,
    name: `bypass_cache=${value}: another token`,
    given: async (world) => {
      await held()(world);
      replacing(world);
    },
    request: `GET ${T}?${Q}&bypass_cache=${value}`,
    expect: token(ARM, { mark: '1' }),
  })),
  ...['false', '', '1'].map((value): Vector => ({
    row: 25,
    name: `bypass_cache=${value}: the token at hand`,
    given: async (world) => {
      await held()(world);
      replacing(world);
    },
    request: `GET ${T}?${Q}&bypass_cache=${value}`,
    expect: OK,
  })),
  {
    row: 25,
    name: 'bypass_cache=true a moment after the last time: the token at hand',
    given: held(),
    request: `GET ${T}?${Q}&bypass_cache=true`,
    expect: OK,
  },
  ...[digest(ARM_TOKEN), digest(ARM_TOKEN).toUpperCase()].map((refused): Vector => ({
    row: 26,
    name: `a token that was refused somewhere is replaced: ${refused.slice(0, 8)}`,
    given: async (world) => {
      await held()(world);
      replacing(world);
    },
    request: `GET ${T}?${Q}&token_sha256_to_refresh=${refused}`,
    expect: token(ARM, { mark: '1' }),
  })),
  {
    row: 26,
    name: 'one that is not at hand any more: the token at hand',
    given: async (world) => {
      await held()(world);
      replacing(world);
    },
    request: `GET ${T}?${Q}&token_sha256_to_refresh=${digest('another')}`,
    expect: OK,
  },
  {
    row: 26,
    name: 'a refused token is never given again, though there is no other yet',
    given: held(),
    request: `GET ${T}?${Q}&token_sha256_to_refresh=${digest(ARM_TOKEN)}`,
    expect: error(503, 'service_unavailable'),
  },
  {
    row: 26,
    name: 'a digest that is none',
    request: `GET ${T}?${Q}&token_sha256_to_refresh=abc`,
    expect: error(400, 'invalid_request', /token_sha256_to_refresh/),
  },
  {
    row: 27,
    name: 'a content type without content',
    request: `GET ${T}?${Q}`,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    expect: OK,
  },
];

export const good: readonly Vector[] = lines.map(withMetadata);
