import { EMAIL, OTHER_EMAIL, SCOPES } from '../../support/google-accounts.ts';
import type { Vector } from '../vector.ts';
import { error, flavored, json, moved, NOT_FOUND, SA } from './expected.ts';

const TOKEN = `${SA}/default/token`;
const MAIN = 'ya29.plantedAccessToken.main';

const token = (text: string) => ({
  ...json({ access_token: text, expires_in: 3600, token_type: 'Bearer' }),
  fields: ['access_token', 'expires_in', 'token_type'],
});
const USUAL = token(`${MAIN}.cloud-platform.userinfo.email`);

const lines: readonly Vector[] = [
  { row: [50, 51], name: 'a token', request: `GET ${TOKEN}`, expect: USUAL },
  {
    row: 51,
    name: 'seconds are a number, in exactly this order and without a space',
    request: `GET ${TOKEN}`,
    expect: {
      status: 200,
      body: `{"access_token":"${MAIN}.cloud-platform.userinfo.email","expires_in":3600,"token_type":"Bearer"}`,
    },
  },
  { row: 53, name: 'the same by e-mail', request: `GET ${SA}/${EMAIL}/token`, expect: USUAL },
  {
    row: 53,
    name: 'encoded',
    request: `GET ${SA}/${encodeURIComponent(EMAIL)}/token`,
    expect: USUAL,
  },
  {
    row: 53,
    name: 'another account’s',
    request: `GET ${SA}/${OTHER_EMAIL}/token`,
    expect: token('ya29.plantedAccessToken.other.devstorage.read_only'),
  },
  {
    row: 54,
    name: 'exactly the scopes that are asked for',
    request: `GET ${TOKEN}?scopes=${SCOPES.email},${SCOPES.read}`,
    expect: token(`${MAIN}.devstorage.read_only.userinfo.email`),
  },
  {
    row: 55,
    name: 'in another order, encoded as Python does, the same token',
    request: `GET ${TOKEN}?scopes=${encodeURIComponent(`${SCOPES.read},${SCOPES.email}`)}`,
    expect: token(`${MAIN}.devstorage.read_only.userinfo.email`),
  },
  {
    row: 55,
    name: 'twice the same scope, with spaces between',
    request: `GET ${TOKEN}?scopes=${SCOPES.read}+${SCOPES.email}%20${SCOPES.read}`,
    expect: token(`${MAIN}.devstorage.read_only.userinfo.email`),
  },
  { row: 56, name: 'no scopes', request: `GET ${TOKEN}?scopes=`, expect: USUAL },
  { row: 56, name: 'commas alone', request: `GET ${TOKEN}?scopes=,%20,`, expect: USUAL },
  {
    row: 57,
    name: 'raw, as Java writes it',
    request: `GET ${TOKEN}?scopes=${SCOPES.platform}`,
    expect: token(`${MAIN}.cloud-platform`),
  },
  {
    row: 58,
    name: 'a scope outside the grant is named',
    request: `GET ${TOKEN}?scopes=${SCOPES.read},${SCOPES.forbidden}`,
    expect: {
      ...error(403, /^https:\/\/www\.googleapis\.com\/auth\/compute: /),
      told: /SCOPE_NOT_GRANTED/,
    },
  },
  ...['a%0ab', 'a%00b', '%22', 'a%5Cb', '%E2%82%AC', '%ff', '%zz'].map((scope): Vector => ({
    row: 58,
    name: `no scope has this in it: ${scope}`,
    request: `GET ${TOKEN}?scopes=${scope}`,
    expect: error(400, /^[\x20-\x7e]+$/),
    over: 'socket',
  })),
  {
    row: 58,
    name: 'scopes twice: which ones are meant?',
    request: `GET ${TOKEN}?scopes=${SCOPES.read}&scopes=${SCOPES.email}`,
    expect: error(400, /twice/),
  },
  {
    row: 63,
    name: 'the cloud is away, nothing at hand',
    given: (world) => void (world.upstream = { code: 'UPSTREAM_UNAVAILABLE' }),
    request: `GET ${TOKEN}`,
    expect: { ...error(503, 'the cloud cannot be reached'), told: /UPSTREAM_UNAVAILABLE/ },
  },
  {
    row: 64,
    name: 'the key is revoked (invalid_grant)',
    given: (world) =>
      void (world.upstream = { code: 'UPSTREAM_BAD_CREDENTIAL', upstreamCode: 'invalid_grant' }),
    request: `GET ${TOKEN}`,
    expect: error(403, 'the cloud does not accept the stored credential (invalid_grant)'),
  },
  ...(
    [
      ['UPSTREAM_DENIED', 403],
      ['UPSTREAM_INVALID', 403],
      ['LOGIN_REQUIRED', 403],
      ['CREDENTIAL_EXPIRED', 403],
      ['SECRET_MISSING', 403],
      ['STORE_LOCKED', 503],
      ['STORE_UNREACHABLE', 503],
      ['STORE_CORRUPT', 503],
      ['UPSTREAM_THROTTLED', 503],
      ['UPSTREAM_MALFORMED', 503],
      ['UPSTREAM_CLOCK_SKEW', 503],
      ['NOT_READY', 503],
      ['INTERNAL', 503],
    ] as const
  ).map(([code, status]): Vector => ({
    row: status === 403 ? 64 : 63,
    name: `${code}: asked again only where that may help`,
    given: (world) => void (world.upstream = { code }),
    request: `GET ${TOKEN}`,
    expect: { ...error(status), told: new RegExp(code) },
  })),
  { row: 65, name: 'nobody’s token', request: `GET ${SA}/nobody@x/token`, expect: NOT_FOUND },
  {
    row: 66,
    name: 'a token bound to a connection: not bound, as on plain machines',
    request: `GET ${TOKEN}?transport=mtls&binding-enforcement=on`,
    expect: USUAL,
  },
  {
    row: 67,
    name: 'a token bound to a certificate: not bound',
    request: `GET ${TOKEN}?bindCertificateFingerprint=%252Bx`,
    expect: USUAL,
  },
  {
    row: 67,
    name: 'unknown parameters are ignored, however they are written',
    request: `GET ${TOKEN}?&=&x&x=%zz&toString=1`,
    expect: USUAL,
  },
  ...['POST', 'PUT', 'DELETE', 'PATCH'].map((method): Vector => ({
    row: 70,
    name: `${method} is no way to read`,
    request: `${method} ${TOKEN}`,
    expect: { ...error(405), headers: { allow: 'GET, HEAD' } },
  })),
  { row: 71, name: 'a slash behind it', request: `GET ${TOKEN}/`, expect: NOT_FOUND },
  {
    row: 50,
    name: 'there is nothing to wait for',
    request: `GET ${TOKEN}?wait_for_change=true`,
    expect: USUAL,
  },
  {
    row: 50,
    name: 'neither recursion nor another form changes it',
    request: `GET ${TOKEN}?recursive=true&alt=text`,
    expect: USUAL,
  },
  {
    row: 15,
    name: 'an account that has the name of a file',
    request: `GET ${SA}/default?scopes=x`,
    expect: moved(`${SA}/default/?scopes=x`),
  },
];

export const tokens: readonly Vector[] = lines.map(flavored);
