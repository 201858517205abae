import { PROJECT } from '../../support/google-accounts.ts';
import type { Vector } from '../vector.ts';
import { error, flavored, NOT_FOUND, SA, text, V } from './expected.ts';

const ID = `${V}/project/project-id`;
const NO_FLAVOR = {
  ...error(403, 'Missing required header "Metadata-Flavor": "Google"'),
  told: /Metadata-Flavor/,
};
const FORBIDDEN = error(403, 'the request is refused');

/** Without the header, or with something else in its place. */
const unflavored: readonly Vector[] = [
  { row: 87, name: 'no flavor', request: `GET ${ID}`, expect: NO_FLAVOR },
  { row: 87, name: 'no flavor, a token', request: `GET ${SA}/default/token`, expect: NO_FLAVOR },
  { row: 87, name: 'no flavor, a listing', request: `GET ${V}/`, expect: NO_FLAVOR },
  { row: 87, name: 'no flavor, a redirect', request: `GET ${V}/instance`, expect: NO_FLAVOR },
  { row: 87, name: 'no flavor, nothing there', request: `GET ${V}/nothing`, expect: NO_FLAVOR },
  {
    row: 87,
    name: 'no flavor, and a wait',
    request: `GET ${ID}?wait_for_change=true`,
    expect: NO_FLAVOR,
  },
  ...['google', 'GOOGLE', 'Amazon', '', 'Google,Google'].map((flavor): Vector => ({
    row: 88,
    name: `the flavor ${JSON.stringify(flavor)}`,
    request: `GET ${ID}`,
    headers: { 'Metadata-Flavor': flavor },
    expect: NO_FLAVOR,
  })),
  {
    row: 89,
    name: 'the name in lower case',
    request: `GET ${ID}`,
    headers: { 'metadata-flavor': 'Google' },
    expect: text(PROJECT),
  },
  {
    row: 90,
    name: 'two flavors',
    request: `GET ${ID}`,
    headers: { 'Metadata-Flavor': ['Google', 'x'] },
    expect: NO_FLAVOR,
  },
  {
    row: 90,
    name: 'twice the right one',
    request: `GET ${ID}`,
    headers: { 'Metadata-Flavor': ['Google', 'Google'] },
    expect: NO_FLAVOR,
  },
  {
    row: 91,
    name: 'the old header alone',
    request: `GET ${ID}`,
    headers: { 'X-Google-Metadata-Request': 'True' },
    expect: NO_FLAVOR,
  },
  ...[
    '/0.1/meta-data/service-accounts/default/acquire',
    '/0.1',
    '/computeMetadata/v1beta1/instance/service-accounts/default/token',
    '/computeMetadata/v1beta1',
    '/computeMetadata/v1beta1?recursive=true',
  ].map((path): Vector => ({
    row: path.startsWith('/0.1') ? 110 : 111,
    name: `switched off, without the header too: ${path}`,
    request: `GET ${path}`,
    expect: NOT_FOUND,
  })),
];

const lines: readonly Vector[] = [
  {
    row: 87,
    name: 'nobody: no data',
    given: (world) => void (world.nobody = true),
    request: `GET ${ID}`,
    expect: { ...FORBIDDEN, told: /nobody/ },
  },
  {
    row: 87,
    name: 'nobody: the same where there is nothing (invariant 5)',
    given: (world) => void (world.nobody = true),
    request: `GET ${SA}/nobody@x/token`,
    expect: FORBIDDEN,
  },
  {
    row: 87,
    name: 'nobody, looked up in the kernel',
    given(world) {
      world.nobody = true;
      world.slowly = true;
    },
    request: `GET ${SA}/default/token`,
    expect: FORBIDDEN,
  },
  {
    row: 110,
    name: 'switched off, with the header',
    request: 'GET /0.1/meta-data/service-accounts/default/acquire',
    expect: NOT_FOUND,
  },
  {
    row: 111,
    name: 'switched off, with the header',
    request: 'GET /computeMetadata/v1beta1/instance/',
    expect: NOT_FOUND,
  },
  { row: 111, name: 'no other version', request: 'GET /computeMetadata/v2/', expect: NOT_FOUND },
  {
    row: 111,
    name: 'a version that only begins like one switched off',
    request: 'GET /computeMetadata/v1beta10/',
    expect: NOT_FOUND,
  },
  ...['//', '//computeMetadata/v1/project/project-id', '/computeMetadata//v1/'].map(
    (path): Vector => ({
      row: 101,
      name: `slashes in front: ${path}`,
      request: `GET ${path}`,
      expect: NOT_FOUND,
    }),
  ),
  ...[
    `${V}//project/project-id`,
    `${V}/project//project-id`,
    `${V}/project%2fproject-id`,
    `${V}/project%2Fproject-id/`,
    `${V}/%70roject%2f..%2fproject/project-id`,
    `${SA}//token`,
  ].map((path): Vector => ({
    row: 100,
    name: `nothing outside the tree: ${path}`,
    request: `GET ${path}`,
    expect: NOT_FOUND,
  })),
  {
    row: 100,
    name: 'a name that needs no percent sign may have one',
    request: `GET ${V}/%70roject/project-id`,
    expect: text(PROJECT),
  },
];

export const refused: readonly Vector[] = [...unflavored, ...lines.map(flavored)];
