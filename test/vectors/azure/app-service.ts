import { hash } from 'node:crypto';

import { entraToken, FORBIDDEN_RESOURCE } from '../../support/azure-identities.ts';
import type { Vector } from '../vector.ts';
import { appError, ARM, as, held, MAIN, NOW, OTHER, replacing, token } from './expected.ts';

const E = '/msi/token';
const Q = `api-version=2019-08-01&resource=${ARM}`;
const OLD = `api-version=2017-09-01&resource=${ARM}`;
const S = { 'X-IDENTITY-HEADER': '{secret}' };
const REFUSED = hash(
  'sha256',
  entraToken(MAIN, [`${ARM}/.default`], NOW * 1000, { mark: '0' }).token,
  'hex',
);

const lines: readonly Vector[] = [
  { row: 102, name: 'a token', request: `GET ${E}?${Q}`, expect: token() },
  ...[`${E}/?${Q}`, `${E}//?${Q}`, `/${E}?${Q}`, `/MSI/token/?${Q}`, `/Msi//token?${Q}`].map(
    (target): Vector => ({
      row: 103,
      name: `the path ${target}`,
      request: `GET ${target}`,
      expect: token(),
    }),
  ),
  {
    row: 102,
    name: 'the resource as it came',
    request: `GET ${E}?api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.com`,
    expect: token('https://vault.azure.com'),
  },
  {
    row: 108,
    name: 'Metadata besides, as Automation sends it',
    request: `GET ${E}?${Q}`,
    headers: { Metadata: 'true' },
    expect: token(),
  },
  { row: 109, name: 'no Metadata', request: `GET ${E}?${Q}`, expect: token() },
  {
    row: 110,
    name: 'a proxy asks',
    request: `GET ${E}?${Q}`,
    headers: { 'X-Forwarded-For': '1.2.3.4' },
    expect: { ...appError(400), told: /forwarding header/ },
    over: 'socket',
  },
  ...[
    `client_id=${OTHER.clientId}`,
    `principal_id=${OTHER.objectId}`,
    `object_id=${OTHER.objectId}`,
    `mi_res_id=${OTHER.resourceId}`,
    `msi_res_id=${OTHER.resourceId}`,
  ].map((selector): Vector => ({
    row: 111,
    name: `an identity by ${selector}`,
    request: `GET ${E}?${Q}&${selector}`,
    expect: token(ARM, { identity: OTHER }),
  })),
  ...['client_id=nobody', `object_id=${OTHER.clientId}`, 'mi_res_id=/x'].map((unknown): Vector => ({
    row: 112,
    name: `no such identity: ${unknown}`,
    request: `GET ${E}?${Q}&${unknown}`,
    expect: { ...appError(400, /Identity not found/), told: /Identity not found/ },
  })),
  {
    row: 112,
    name: 'no identity at all',
    given: as({ identities: [] }),
    request: `GET ${E}?${Q}`,
    expect: appError(400, /Identity not found/),
  },
  {
    row: 113,
    name: 'the old version with its own header',
    request: `GET ${E}?${OLD}&clientid=${OTHER.clientId}`,
    headers: { 'X-IDENTITY-HEADER': [], secret: '{secret}' },
    expect: token(ARM, { identity: OTHER }),
  },
  ...['client_id', 'object_id', 'principal_id'].map((name): Vector => ({
    row: 114,
    name: `the old version does not know ${name}`,
    request: `GET ${E}?${OLD}&${name}=${MAIN.clientId}`,
    headers: { 'X-IDENTITY-HEADER': [], Secret: '{secret}' },
    expect: appError(400, new RegExp(name)),
  })),
  ...['2018-02-01', '2020-01-01', 'abc', 'toString'].map((version): Vector => ({
    row: 115,
    name: `api-version=${version}`,
    request: `GET ${E}?api-version=${version}&resource=${ARM}`,
    expect: appError(400, /^UnsupportedApiVersion: .*2019-08-01/),
  })),
  {
    row: 115,
    name: 'no api-version',
    request: `GET ${E}?resource=${ARM}`,
    expect: appError(400, /api-version/),
  },
  {
    row: 116,
    name: 'the version to come, a token that was refused',
    given: async (world) => {
      await held()(world);
      replacing(world);
    },
    request: `GET ${E}?api-version=2025-03-30&resource=${ARM}&xms_cc=cp1&token_sha256_to_refresh=${REFUSED}`,
    expect: token(ARM, { mark: '1' }),
  },
  {
    row: 117,
    name: 'Terraform’s own header',
    request: `GET ${E}?${Q}`,
    headers: { 'X-IDENTITY-HEADER': [], 'x-ms-identity': '{secret}' },
    expect: token(),
  },
  ...[`?resource=${ARM}&api-version=2017-09-01`, `?resource=${ARM}`].map((query): Vector => ({
    row: 118,
    name: `old az: ${query}`,
    request: `GET ${E}/${query}`,
    headers: { 'X-IDENTITY-HEADER': [], Secret: '{secret}' },
    expect: token(),
  })),
  ...['', '&clientid=', `&clientid=${MAIN.clientId}`].map((id): Vector => ({
    row: 133,
    name: `Azure Machine Learning${id}`,
    request: `GET ${E}?${OLD}${id}`,
    headers: { 'X-IDENTITY-HEADER': [], secret: '{secret}', Metadata: 'true' },
    expect: token(),
  })),
  {
    row: 61,
    name: 'a resource that is not granted',
    request: `GET ${E}?api-version=2019-08-01&resource=${FORBIDDEN_RESOURCE}`,
    expect: { ...appError(403, /forbidden\.example/), told: /SCOPE_NOT_GRANTED/ },
  },
  ...['', '&resource=', `&resource=${ARM}&resource=${ARM}`, '&resource=a%20b', '&resource=%zz'].map(
    (resource): Vector => ({
      row: [37, 40, 59, 63],
      name: `no resource that can be served: ${resource}`,
      request: `GET ${E}?api-version=2019-08-01${resource}`,
      expect: appError(400, /resource/),
    }),
  ),
  ...['POST', 'PUT', 'DELETE'].map((method): Vector => ({
    row: 46,
    name: `${method} is no way to ask`,
    request: `${method} ${E}?${Q}`,
    expect: { ...appError(405), headers: { allow: 'GET' } },
  })),
  ...['/msi', '/msi/tokens', '/msi/token/x', '/msi/Token'].map((path): Vector => ({
    row: 56,
    name: `there is nothing at ${path}`,
    request: `GET ${path}?${Q}`,
    expect: appError(404),
  })),
];

export const appService: readonly Vector[] = lines.map((line) => ({
  ...line,
  headers: { ...S, ...line.headers },
}));
