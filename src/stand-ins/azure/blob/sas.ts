import { createHmac, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { StorageAccount } from '../estate.ts';
import type { Call } from '../service.ts';
import type { Wish } from './access.ts';
import { authenticationFailed, blobRefusal } from './refusals.ts';
import type { BlobWorld } from './world.ts';

/** The order that the service demands. https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas */
const PERMISSIONS = /^r?a?c?w?d?x?y?l?t?m?e?o?p?i?$/;
const TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,7})?)?Z)?$/;
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Versions whose text to sign is known here, from the first with directories on. */
const FIRST = '2020-02-10';
const WITH_ENCRYPTION_SCOPE = '2020-12-06';
const WITH_DELEGATED_USER = '2025-07-05';
const WITH_HEADERS = '2026-04-06';
const LAST = '2026-10-06';

export interface Sas {
  readonly permissions: string;
  /** Whose roles bound it. */
  readonly objectId: string;
}

type Query = Call['request']['query'];

/** A user delegation SAS whose signature, time, address and protocol are right; else a refusal. */
export function readSas(world: BlobWorld, account: StorageAccount, call: Call, wish: Wish): Sas {
  const { request, visit } = call;
  const { query } = request;
  for (const name of new Set(query.keys())) {
    if (query.getAll(name).length > 1) throw authenticationFailed(`${name} is given twice.`);
  }
  const field = (name: string): string => query.get(name) ?? '';
  const must = (name: string, form: RegExp): string => {
    const value = field(name);
    if (value === '' || !form.test(value)) {
      throw authenticationFailed(`${name} is mandatory and must be well formed.`);
    }
    return value;
  };
  const version = must('sv', /^\d{4}-\d{2}-\d{2}$/);
  if (version < FIRST || version > LAST) {
    throw authenticationFailed(`The text to sign of sv=${version} is not known here.`);
  }
  for (const name of ['srh', 'srq']) {
    if (query.has(name)) throw authenticationFailed(`${name} is not supported here.`);
  }
  const permissions = must('sp', PERMISSIONS);
  const facts = {
    objectId: must('skoid', GUID),
    tenantId: must('sktid', GUID),
    start: must('skt', TIME),
    expiry: must('ske', TIME),
    service: must('sks', /^b$/),
    version: must('skv', /^\d{4}-\d{2}-\d{2}$/),
  };
  const expiry = must('se', TIME);
  const resource = canonicalResource(account, query, wish);
  const text = stringToSign(version, field, resource);
  const key = world.delegationKeys.keyOf(account.name, facts);
  const expected = createHmac('sha256', key).update(text, 'utf8').digest();
  const given = Buffer.from(field('sig'), 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw authenticationFailed(`Signature did not match. String to sign used was ${text}`);
  }
  checkTime('Signature', field('st'), expiry, visit.now);
  checkTime('Key', facts.start, facts.expiry, visit.now);
  if (field('sip') !== '' && !addressFits(field('sip'), request.peer)) {
    throw blobRefusal(
      403,
      'AuthorizationSourceIPMismatch',
      'This request is not authorized to perform this operation using this source IP.',
    );
  }
  checkProtocol(field('spr'), world.secure);
  return { permissions, objectId: facts.objectId };
}

/** The signed fields in their order, each on a line. */
function stringToSign(version: string, field: (name: string) => string, resource: string): string {
  const delegated = version >= WITH_DELEGATED_USER ? [field('skdutid'), field('sduoid')] : [];
  // A SAS may also be for certain headers (srh) and parameters (srq): not here.
  const bound = version >= WITH_HEADERS ? ['', ''] : [];
  const scope = version >= WITH_ENCRYPTION_SCOPE ? [field('ses')] : [];
  const key = ['skoid', 'sktid', 'skt', 'ske', 'sks', 'skv', 'saoid', 'suoid', 'scid'];
  return [
    field('sp'),
    field('st'),
    field('se'),
    resource,
    ...key.map(field),
    ...delegated,
    field('sip'),
    field('spr'),
    version,
    field('sr'),
    '', // the time of a snapshot, of which there are none here
    ...scope,
    ...bound,
    ...['rscc', 'rscd', 'rsce', 'rscl', 'rsct'].map(field),
  ].join('\n');
}

/** What the signature is for: the container, the blob, or the directory above it. */
function canonicalResource(account: StorageAccount, query: Query, wish: Wish): string {
  const kind = query.get('sr') ?? '';
  const { container, path = '' } = wish;
  const base = `/blob/${account.name}/${container ?? ''}`;
  if (container === undefined) throw authenticationFailed('A SAS of this kind is for containers.');
  if (kind === 'c') return base;
  if (kind === 'b') {
    if (path === '' || wish.letters === 'l') {
      throw authenticationFailed('sr=b is for one blob.');
    }
    return `${base}/${path}`;
  }
  if (kind !== 'd') throw authenticationFailed('sr must be b, c or d.');
  if (!account.hierarchical) {
    throw authenticationFailed('sr=d wants an account with a hierarchical namespace.');
  }
  const depth = query.get('sdd') ?? '';
  if (!/^\d{1,3}$/.test(depth)) throw authenticationFailed('sdd is mandatory with sr=d.');
  const parts = path
    .replace(/\/$/, '')
    .split('/')
    .filter((part) => part !== '');
  if (parts.length < Number(depth)) {
    throw authenticationFailed('The path is above the directory that was signed for.');
  }
  return Number(depth) === 0 ? base : `${base}/${parts.slice(0, Number(depth)).join('/')}`;
}

function checkTime(what: string, from: string, to: string, now: number): void {
  if (from !== '' && !TIME.test(from)) throw authenticationFailed('st is not well formed.');
  if ((from === '' || Date.parse(from) <= now) && now < Date.parse(to)) return;
  throw authenticationFailed(
    `${what} not valid in the specified time frame: Start [${from}] - Expiry [${to}] - Current [${new Date(now).toUTCString()}]`,
  );
}

function checkProtocol(wanted: string, secure: boolean): void {
  if (wanted !== '' && wanted !== 'https' && wanted !== 'https,http') {
    throw authenticationFailed('spr is not well formed.');
  }
  if (wanted !== 'https' || secure) return;
  throw blobRefusal(
    403,
    'AuthorizationProtocolMismatch',
    'This request is not authorized to perform this operation using this protocol.',
  );
}

/** One IPv4 address, or a range of them. */
function addressFits(range: string, peer: string): boolean {
  const [first = '', last = first, more] = range.split('-');
  if (more !== undefined || !isIPv4(first) || !isIPv4(last) || !isIPv4(peer)) return false;
  return number(first) <= number(peer) && number(peer) <= number(last);
}

const number = (address: string): number =>
  address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
