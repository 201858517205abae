import { createHmac, randomBytes } from 'node:crypto';
import { readBearer } from '../bearer.ts';
import type { Call } from '../service.ts';
import type { AzureReply } from '../reply.ts';
import type { StorageAccount } from '../estate.ts';
import { authorityTenant, enterByToken } from './access.ts';
import { blobRefusal, permissionMismatch, unauthenticated } from './refusals.ts';
import type { BlobWorld } from './world.ts';
import { element, flatXml, xmlReply } from './xml.ts';

const DAY = 24 * 3600 * 1000;
/** https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key */
const LONGEST_DAYS = 7;
const FIRST_VERSION = '2018-11-09';
const ACTION = 'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action';
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,7})?Z$/;

/** What a key is bound to: a SAS names all of it, and a change of any gives another key. */
export interface KeyFacts {
  readonly objectId: string;
  readonly tenantId: string;
  readonly start: string;
  readonly expiry: string;
  readonly service: string;
  readonly version: string;
}

export type DelegationKeys = ReturnType<typeof createDelegationKeys>;

/** One hidden key per storage account, from which the users' keys follow. */
export function createDelegationKeys() {
  const masters = new Map<string, Buffer>();
  const master = (account: string): Buffer => {
    const own = masters.get(account) ?? randomBytes(32);
    masters.set(account, own);
    return own;
  };
  return {
    keyOf(account: string, facts: KeyFacts): Buffer {
      const { objectId, tenantId, start, expiry, service, version } = facts;
      const text = [objectId, tenantId, start, expiry, service, version].join('\n');
      return createHmac('sha256', master(account)).update(text).digest();
    },
    /** As `az storage account revoke-delegation-keys`: every SAS signed by one of before is dead. */
    revoke: (account: string): void => void masters.set(account, randomBytes(32)),
  };
}

export function issueDelegationKey(
  world: BlobWorld,
  account: StorageAccount,
  call: Call,
): AzureReply {
  const { request, visit } = call;
  // A SAS is no way to a key.
  const bearer = readBearer(world, 'storage', request, visit);
  if (typeof bearer === 'string') {
    throw unauthenticated(bearer, world.url(), authorityTenant(world, account));
  }
  const version = enterByToken(world, account, bearer, request);
  if (version < FIRST_VERSION) {
    throw blobRefusal(400, 'InvalidHeaderValue', 'The value for x-ms-version is too old.');
  }
  const { objectId, tenantId } = bearer.principal;
  if (!world.grants.may(objectId, ACTION, account.id)) throw permissionMismatch();
  const { start, expiry } = readLife(request.body.toString('utf8'), visit.now);
  const facts = { objectId, tenantId, start, expiry, service: 'b', version };
  const fields = [
    element('SignedOid', objectId),
    element('SignedTid', tenantId),
    element('SignedStart', start),
    element('SignedExpiry', expiry),
    element('SignedService', 'b'),
    element('SignedVersion', version),
    element('Value', world.delegationKeys.keyOf(account.name, facts).toString('base64')),
  ];
  return xmlReply(`<UserDelegationKey>${fields.join('')}</UserDelegationKey>`);
}

function readLife(body: string, now: number): { readonly start: string; readonly expiry: string } {
  const fields = flatXml(body, 'KeyInfo');
  const expiry = fields?.get('Expiry');
  const start = fields?.get('Start') ?? new Date(now).toISOString();
  if (expiry === undefined || !TIME.test(expiry) || !TIME.test(start)) {
    throw blobRefusal(400, 'InvalidXmlDocument', 'XML specified is not syntactically valid.');
  }
  const [from, to] = [Date.parse(start), Date.parse(expiry)];
  const good =
    to > now && to > from && to <= now + LONGEST_DAYS * DAY && from <= now + LONGEST_DAYS * DAY;
  if (!good) {
    throw blobRefusal(
      400,
      'InvalidXmlNodeValue',
      'The value for one of the XML nodes is not in the correct format: a key lives 7 days at most, and its time is not over.',
    );
  }
  return { start: wholeSeconds(from), expiry: wholeSeconds(to) };
}

const wholeSeconds = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;
