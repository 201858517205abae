import { EMAIL, OTHER_EMAIL } from '../../support/google-accounts.ts';
import type { Vector } from '../vector.ts';
import { as, flavored, moved, NOT_FOUND, SA, text, V } from './expected.ts';

const INSTANCE = [
  'attributes/',
  'description',
  'disks/',
  'hostname',
  'id',
  'licenses/',
  'machine-type',
  'maintenance-event',
  'name',
  'network-interfaces/',
  'preempted',
  'region',
  'scheduling/',
  'service-accounts/',
  'tags',
  'virtual-clock/',
  'zone',
];
const lines = (names: readonly string[]): string => names.map((name) => `${name}\n`).join('');

/** Whoever looks for Compute Engine sees it, with or without the header. */
const probes: readonly Vector[] = [
  {
    row: 2,
    name: 'the root without the header: Go asks so',
    request: 'GET /',
    expect: text('computeMetadata/\n'),
  },
  {
    row: 2,
    name: 'for nobody, too',
    given: (world) => void (world.nobody = true),
    request: 'GET /',
    expect: text('computeMetadata/\n'),
  },
  {
    row: 3,
    name: 'the root with another flavor',
    request: 'GET /',
    headers: { 'Metadata-Flavor': 'Wrong' },
    expect: text('computeMetadata/\n'),
  },
  {
    row: 4,
    name: 'HEAD of the root',
    request: 'HEAD /',
    expect: { ...text(''), headers: { 'metadata-flavor': 'Google', 'content-length': '17' } },
  },
];

const known: readonly Vector[] = [
  { row: 1, name: 'the root', request: 'GET /', expect: text('computeMetadata/\n') },
  { row: 1, name: 'with a query', request: 'GET /?x=1', expect: text('computeMetadata/\n') },
  { row: 5, name: 'versions', request: 'GET /computeMetadata/', expect: text('v1/\n') },
  {
    row: 6,
    name: 'versions without a slash',
    request: 'GET /computeMetadata',
    expect: moved('/computeMetadata/'),
  },
  {
    row: 7,
    name: 'the top',
    request: `GET ${V}/`,
    expect: text('instance/\nproject/\nuniverse/\n'),
  },
  { row: 8, name: 'the top without a slash', request: `GET ${V}`, expect: moved(`${V}/`) },
  {
    row: 9,
    name: 'Node’s probe',
    request: `GET ${V}/instance`,
    expect: { ...moved(`${V}/instance/`), body: `${V}/instance/\n` },
  },
  {
    row: 10,
    name: 'a redirect leads to where the client is, by whatever name',
    request: `GET ${V}/instance`,
    headers: { Host: '169.254.169.254' },
    expect: moved(`${V}/instance/`),
    over: 'socket',
  },
  {
    row: 11,
    name: 'a redirect keeps the query',
    request: `GET ${V}/instance?recursive=true&alt=json`,
    expect: moved(`${V}/instance/?recursive=true&alt=json`),
  },
  {
    row: [9, 12],
    name: 'the instance',
    request: `GET ${V}/instance/`,
    expect: text(lines(INSTANCE)),
  },
  { row: 13, name: 'accounts without a slash', request: `GET ${SA}`, expect: moved(`${SA}/`) },
  {
    row: 14,
    name: 'accounts: the default under both names, another by e-mail alone',
    request: `GET ${SA}/`,
    expect: text(lines([`${EMAIL}/`, 'default/', `${OTHER_EMAIL}/`])),
  },
  {
    row: 14,
    name: 'no accounts',
    given: as({ accounts: [] }),
    request: `GET ${SA}/`,
    expect: text(''),
  },
  {
    row: 14,
    name: 'no accounts, and nothing of the default one',
    given: as({ accounts: [] }),
    request: `GET ${SA}/default/email`,
    expect: NOT_FOUND,
  },
  {
    row: 15,
    name: 'an account without a slash',
    request: `GET ${SA}/default`,
    expect: moved(`${SA}/default/`),
  },
  {
    row: 15,
    name: 'an encoded one stays encoded',
    request: `GET ${SA}/${EMAIL.replace('@', '%40')}`,
    expect: moved(`${SA}/${EMAIL.replace('@', '%40')}/`),
  },
  {
    row: 16,
    name: 'an account',
    request: `GET ${SA}/default/`,
    expect: text('aliases\nemail\nidentity\nscopes\ntoken\n'),
  },
  {
    row: 17,
    name: 'the project',
    request: `GET ${V}/project/`,
    expect: text('attributes/\nnumeric-project-id\nproject-id\n'),
  },
  {
    row: 18,
    name: 'no project attributes',
    request: `GET ${V}/project/attributes/`,
    expect: text(''),
  },
  {
    row: 19,
    name: 'instance attributes',
    request: `GET ${V}/instance/attributes/`,
    expect: text('a\nb\n'),
  },
  {
    row: 12,
    name: 'what the real one numbers is there and empty',
    request: `GET ${V}/instance/network-interfaces/`,
    expect: text(''),
  },
  {
    row: 12,
    name: 'no address is made up',
    request: `GET ${V}/instance/network-interfaces/0/ip`,
    expect: NOT_FOUND,
  },
];

/** Root, listings and redirects. */
export const tree: readonly Vector[] = [...probes, ...known.map(flavored)];
