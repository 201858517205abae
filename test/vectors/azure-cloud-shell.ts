import { FORBIDDEN_RESOURCE } from '../support/azure-identities.ts';
import { ARM, OTHER, shellError, token } from './azure/expected.ts';
import type { Vector } from './vector.ts';

const P = '/oauth2/token';
const M = { Metadata: 'true' };
const FORM = { ...M, 'Content-Type': 'application/x-www-form-urlencoded' };
const R = `resource=${encodeURIComponent(ARM)}`;

const lines: readonly Vector[] = [
  { row: 128, name: 'a form', request: `POST ${P}`, headers: FORM, body: R, expect: token() },
  {
    row: 128,
    name: 'a form that says its charset, raw as old clients write it',
    request: `POST ${P}/`,
    headers: { ...FORM, 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: `resource=${ARM}`,
    expect: token(),
  },
  {
    row: 128,
    name: 'what is wanted is told by the form alone',
    request: `POST ${P}?resource=https://vault.azure.com`,
    headers: FORM,
    body: '',
    expect: shellError(400, 'invalid_request', /resource/),
  },
  ...[
    `client_id=${OTHER.clientId}`,
    `object_id=${OTHER.objectId}`,
    `msi_res_id=${OTHER.resourceId}`,
  ].map((selector): Vector => ({
    row: 128,
    name: `an older client names an identity: ${selector}`,
    request: `POST ${P}`,
    headers: FORM,
    body: `${R}&${selector}`,
    expect: token(ARM, { identity: OTHER }),
  })),
  {
    row: 128,
    name: 'one that there is not',
    request: `POST ${P}`,
    headers: FORM,
    body: `${R}&client_id=x`,
    expect: shellError(400, 'invalid_request', /Identity not found/),
  },
  {
    row: 128,
    name: 'nobody',
    given: (world) => void (world.nobody = true),
    request: `POST ${P}`,
    headers: FORM,
    body: R,
    expect: { ...shellError(400, 'invalid_request', /Identity not found/), told: /nobody/ },
  },
  {
    row: 128,
    name: 'a resource that is not granted',
    request: `POST ${P}`,
    headers: FORM,
    body: `resource=${FORBIDDEN_RESOURCE}`,
    expect: shellError(403, 'access_denied', /forbidden\.example/),
  },
  ...['resource=', `${R}&${R}`, 'resource=a+b', 'resource=%zz', 'resource=%0a'].map(
    (body): Vector => ({
      row: [37, 40, 63],
      name: `no resource that can be served: ${body}`,
      request: `POST ${P}`,
      headers: FORM,
      body,
      expect: shellError(400, 'invalid_(?:request|scope)', /resource/),
    }),
  ),
  {
    row: 129,
    name: 'a query, as Java asks',
    request: `GET ${P}?${R}`,
    headers: M,
    expect: token(),
  },
  ...['POST', 'GET'].map((method): Vector => ({
    row: 130,
    name: `${method} without Metadata`,
    request: `${method} ${P}?${R}`,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    ...(method === 'POST' ? { body: R } : {}),
    expect: shellError(400, 'invalid_request', /Metadata/),
  })),
  {
    row: 131,
    name: 'JSON',
    request: `POST ${P}`,
    headers: { ...M, 'Content-Type': 'application/json' },
    body: `{"resource":"${ARM}"}`,
    expect: shellError(400, 'invalid_request', /form/),
  },
  {
    row: 131,
    name: 'no content type',
    request: `POST ${P}`,
    headers: M,
    body: R,
    expect: shellError(400, 'invalid_request', /form/),
    over: 'socket',
  },
  {
    row: 131,
    name: 'a form of 70 kB',
    request: `POST ${P}`,
    headers: FORM,
    body: `${R}&x=${'x'.repeat(70_000)}`,
    expect: shellError(413, 'invalid_request'),
  },
  ...(
    [
      ['GET', undefined],
      ['POST', R],
    ] as const
  ).map(([method, body]): Vector => ({
    row: 132,
    name: `${method} with the odd header of Java and .NET`,
    request: `${method} ${P}?${R}`,
    headers: { ...FORM, ContentType: 'application/x-www-form-urlencoded' },
    ...(body === undefined ? {} : { body }),
    expect: token(),
  })),
  ...['PUT', 'DELETE'].map((method): Vector => ({
    row: 46,
    name: `${method} is no way to ask`,
    request: `${method} ${P}?${R}`,
    headers: M,
    expect: { ...shellError(405, 'method_not_allowed'), headers: { allow: 'GET, POST' } },
  })),
  ...['/oauth2', '/oauth2/tokens', '/oauth2/token/x'].map((path): Vector => ({
    row: 56,
    name: `there is nothing at ${path}`,
    request: `GET ${path}`,
    headers: M,
    expect: shellError(404, 'not_found'),
  })),
  {
    row: 48,
    name: 'a page posts a form',
    request: `POST ${P}`,
    headers: { ...FORM, Origin: 'http://evil.example' },
    body: R,
    expect: { ...shellError(403, 'forbidden'), told: /browser/ },
    over: 'socket',
  },
];

export default lines;
