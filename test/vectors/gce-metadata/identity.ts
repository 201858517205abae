import { EMAIL, GOOGLE_ACCOUNTS, OTHER_EMAIL } from '../../support/google-accounts.ts';
import type { Expectation, Vector } from '../vector.ts';
import { as, error, flavored, NOT_FOUND, SA } from './expected.ts';

const IDENTITY = `${SA}/default/identity`;
const GCLOUD = '32555940559.apps.googleusercontent.com';
const NO_AUDIENCE = error(400, 'non-empty audience parameter required');
const [MAIN, OTHER] = GOOGLE_ACCOUNTS;

/** A bare JWT for this audience, in the one type that every Ruby takes. */
const jwt = (aud: string): Expectation => ({
  status: 200,
  headers: { 'content-type': 'text/html' },
  claims: { aud, iss: 'https://accounts.google.com' },
});

const lines: readonly Vector[] = [
  {
    row: [72, 73],
    name: 'a token for an audience, an hour long',
    request: `GET ${IDENTITY}?audience=https://a.example`,
    expect: {
      ...jwt('https://a.example'),
      claims: { aud: 'https://a.example', exp: Date.parse('2026-11-02T10:00:00Z') / 1000 },
    },
  },
  {
    row: 72,
    name: 'by e-mail, encoded as Python does',
    request: `GET ${SA}/${EMAIL}/identity?audience=https%3A%2F%2Fa.example%2Fx%3Fy%3D1%262&format=full`,
    expect: jwt('https://a.example/x?y=1&2'),
  },
  { row: 74, name: 'no audience', request: `GET ${IDENTITY}`, expect: NO_AUDIENCE },
  { row: 75, name: 'an empty one', request: `GET ${IDENTITY}?audience=`, expect: NO_AUDIENCE },
  { row: 75, name: 'without a value', request: `GET ${IDENTITY}?audience`, expect: NO_AUDIENCE },
  ...['%20', '+', '%09%20'].map((blank): Vector => ({
    row: 76,
    name: `a blank one: ${blank}`,
    request: `GET ${IDENTITY}?audience=${blank}`,
    expect: NO_AUDIENCE,
  })),
  {
    row: 77,
    name: 'the e-mail is in it',
    request: `GET ${IDENTITY}?format=full&audience=https://a.example`,
    expect: { ...jwt('https://a.example'), claims: { email: EMAIL } },
  },
  {
    row: 78,
    name: 'licenses: there are none',
    request: `GET ${IDENTITY}?audience=X&format=full&licenses=TRUE`,
    expect: jwt('X'),
  },
  {
    row: 79,
    name: 'Java’s own spelling of it',
    request: `GET ${IDENTITY}?audience=X&license=TRUE`,
    expect: jwt('X'),
  },
  {
    row: 80,
    name: 'a format nobody knows',
    request: `GET ${IDENTITY}?audience=X&format=bogus`,
    expect: error(400, /standard or full/),
  },
  {
    row: 81,
    name: 'raw, as Node writes it',
    request: `GET ${IDENTITY}?format=full&audience=https://a.example/x?y=1`,
    expect: jwt('https://a.example/x?y=1'),
  },
  {
    row: 81,
    name: 'raw with everything that stays raw',
    request: `GET ${IDENTITY}?format=full&audience=//iam.example/a@b:c/d?e=f=g,h;i`,
    expect: jwt('//iam.example/a@b:c/d?e=f=g,h;i'),
  },
  {
    row: 81,
    name: 'a raw & cuts it off, as at the real server',
    request: `GET ${IDENTITY}?format=full&audience=https://a.example/x?a=1&b=2`,
    expect: jwt('https://a.example/x?a=1'),
  },
  {
    row: 82,
    name: 'gcloud asks first, and the account has no identity: not a word in the log',
    given: as({ accounts: [OTHER] }),
    request: `GET ${IDENTITY}?audience=${GCLOUD}&format=standard&licenses=FALSE`,
    expect: { ...NOT_FOUND, told: /^$/ },
  },
  ...(['UPSTREAM_UNAVAILABLE', 'UPSTREAM_THROTTLED', 'NOT_READY', 'INTERNAL'] as const).map(
    (code): Vector => ({
      row: 82,
      name: `gcloud asks first, and ${code}: 404, or it ends with a traceback`,
      given: (world) => void (world.upstream = { code }),
      request: `GET ${IDENTITY}?audience=${GCLOUD}&format=standard&licenses=FALSE`,
      expect: { ...NOT_FOUND, told: new RegExp(code) },
    }),
  ),
  {
    row: 82,
    name: 'somebody else asks, and the cloud is away: what may pass is 503',
    given: (world) => void (world.upstream = { code: 'UPSTREAM_UNAVAILABLE' }),
    request: `GET ${IDENTITY}?audience=X`,
    expect: error(503),
  },
  ...(['UPSTREAM_BAD_CREDENTIAL', 'UPSTREAM_DENIED', 'UPSTREAM_INVALID'] as const).map(
    (code): Vector => ({
      row: 83,
      name: `${code}: no identity`,
      given: (world) => void (world.upstream = { code }),
      request: `GET ${IDENTITY}?audience=X`,
      expect: { ...NOT_FOUND, told: new RegExp(code) },
    }),
  ),
  {
    row: 83,
    name: 'an account that cannot have one, and why',
    request: `GET ${SA}/${OTHER_EMAIL}/identity?audience=X`,
    expect: error(404, 'no identity token can be made for this credential'),
  },
  {
    row: 85,
    name: 'an audience of 2048 characters',
    request: `GET ${IDENTITY}?audience=${'a'.repeat(2048)}`,
    expect: jwt('a'.repeat(2048)),
  },
  {
    row: 85,
    name: 'a longer one',
    request: `GET ${IDENTITY}?audience=${'a'.repeat(2049)}`,
    expect: error(400, /too long/),
  },
  {
    row: 85,
    name: 'one of 10 kB',
    request: `GET ${IDENTITY}?audience=${'a'.repeat(10_000)}`,
    expect: error(400, /too long/),
    over: 'socket',
  },
  ...['a%00b', 'a%0d%0ab', 'a%1b', '%7f', 'a%C2%85b'].map((audience): Vector => ({
    row: 85,
    name: `control characters: ${audience}`,
    request: `GET ${IDENTITY}?audience=${audience}`,
    expect: error(400, /control character/),
    over: 'socket',
  })),
  ...['%zz', '%ff', '%ed%a0%80', '%'].map((audience): Vector => ({
    row: 85,
    name: `no UTF-8: ${audience}`,
    request: `GET ${IDENTITY}?audience=${audience}`,
    expect: error(400, /percent-encoded/),
    over: 'socket',
  })),
  {
    row: 85,
    name: 'two audiences in one request',
    request: `GET ${IDENTITY}?audience=X&audience=Y`,
    expect: error(400, /twice/),
  },
  {
    row: 86,
    name: 'an audience that is not granted',
    given: as({ accounts: [{ ...MAIN, audiences: ['https://a.example'] }] }),
    request: `GET ${IDENTITY}?audience=https://b.example`,
    expect: { ...error(404, /^the grant does not include/), told: /AUDIENCE_NOT_GRANTED/ },
  },
  {
    row: 86,
    name: 'one that is',
    given: as({ accounts: [{ ...MAIN, audiences: ['https://a.example'] }] }),
    request: `GET ${IDENTITY}?audience=https://a.example`,
    expect: jwt('https://a.example'),
  },
  {
    row: 71,
    name: 'a slash behind it',
    request: `GET ${IDENTITY}/?audience=X`,
    expect: NOT_FOUND,
  },
];

export const identity: readonly Vector[] = lines.map(flavored);
