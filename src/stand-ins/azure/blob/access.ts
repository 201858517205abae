import { readBearer } from '../bearer.ts';
import type { StorageAccount } from '../estate.ts';
import type { Action } from '../grants.ts';
import type { AzureRequest } from '../request.ts';
import type { Call } from '../service.ts';
import type { IssuedToken } from '../tokens.ts';
import {
  authenticationFailed,
  blobRefusal,
  permissionMismatch,
  unauthenticated,
} from './refusals.ts';
import { readSas } from './sas.ts';
import type { BlobWorld } from './world.ts';

const CONTAINERS = 'Microsoft.Storage/storageAccounts/blobServices/containers';

/** First service version that takes bearer tokens. */
const FIRST_BEARER_VERSION = '2017-11-09';

/** What a request wants to do: to a blob, to a container, or to the account. */
export interface Wish {
  readonly container?: string;
  /** Name, or the prefix that is listed. */
  readonly path?: string;
  readonly actions: readonly Action[];
  /** Letters of a SAS of which one must be there; none: no SAS is enough. */
  readonly letters: string;
}

export const ACTIONS = {
  listContainers: [`${CONTAINERS}/read`],
  createContainer: [`${CONTAINERS}/write`],
  deleteContainer: [`${CONTAINERS}/delete`],
  read: [`${CONTAINERS}/blobs/read`],
  write: [`${CONTAINERS}/blobs/write`],
  delete: [`${CONTAINERS}/blobs/delete`],
} as const satisfies Readonly<Record<string, readonly Action[]>>;

/** Throws unless a bearer token with a role, or a SAS by somebody with a role, allows it. */
export function allow(world: BlobWorld, account: StorageAccount, call: Call, wish: Wish): void {
  const { request, visit } = call;
  visit.target = [account.name, wish.container, wish.path].filter(Boolean).join('/');
  const place =
    wish.container === undefined
      ? account.id
      : `${account.id}/blobServices/default/containers/${wish.container}`;
  const may = (objectId: string): boolean =>
    wish.actions.every((action) => world.grants.may(objectId, action, place));

  if (request.query.has('sig')) {
    if (request.headers.has('authorization')) {
      throw authenticationFailed('Both an Authorization header and a SAS were given.');
    }
    const sas = readSas(world, account, call, wish);
    visit.principal = sas.objectId;
    const lettered = wish.letters.split('').some((letter) => sas.permissions.includes(letter));
    if (!lettered || !may(sas.objectId)) throw permissionMismatch();
    return;
  }
  const bearer = readBearer(world, 'storage', request, visit);
  if (typeof bearer === 'string') {
    throw unauthenticated(bearer, world.url(), authorityTenant(world, account));
  }
  enterByToken(world, account, bearer, request);
  if (!may(bearer.principal.objectId)) throw permissionMismatch();
}

/** A token of the account's own tenant, for storage or this very account; gives the service version. */
export function enterByToken(
  world: BlobWorld,
  account: StorageAccount,
  { principal, audience }: IssuedToken,
  request: AzureRequest,
): string {
  const tenant = authorityTenant(world, account);
  const host = /^https:\/\/([a-z0-9]+)\./.exec(audience)?.[1];
  const general = !audience.includes('.core.windows.net');
  if (!general && host !== account.name) throw unauthenticated('audience', world.url(), tenant);
  if (principal.tenantId !== tenant) throw unauthenticated('issuer', world.url(), tenant);
  const version = request.headers.get('x-ms-version');
  if (version === undefined) {
    throw authenticationFailed('Authentication scheme Bearer is not supported in this version.');
  }
  if (!/^\d{4}-\d{2}-\d{2}$/.test(version)) {
    throw blobRefusal(
      400,
      'InvalidHeaderValue',
      'The value for x-ms-version is not in the correct format.',
    );
  }
  if (version < FIRST_BEARER_VERSION) {
    throw authenticationFailed('Authentication scheme Bearer is not supported in this version.');
  }
  return version;
}

export function authorityTenant(world: BlobWorld, account: StorageAccount): string {
  return world.estate.findSubscription(account.subscription)?.tenant ?? 'common';
}
