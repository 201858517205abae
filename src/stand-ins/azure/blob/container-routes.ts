import type { StorageAccount } from '../estate.ts';
import type { AzureReply } from '../reply.ts';
import type { AzureRequest } from '../request.ts';
import type { Call, Route } from '../service.ts';
import { ACTIONS, allow } from './access.ts';
import { issueDelegationKey } from './delegation-key.ts';
import { blobList, containerList } from './listing.ts';
import { blobRefusal, noContainer } from './refusals.ts';
import { CONTAINER_NAME } from './store.ts';
import type { Container } from './store.ts';
import type { BlobWorld } from './world.ts';

const ACCOUNT_PATH = /^\/([a-z0-9]{3,24})\/?$/;
const CONTAINER_PATH = /^\/([a-z0-9]{3,24})\/([^/]+)\/?$/;

/** `restype` and `comp` say what is meant. */
const meant = ({ query }: AzureRequest): string =>
  `${query.get('restype') ?? ''}/${query.get('comp') ?? ''}`;

/** What is done to a storage account and to its containers. */
export function containerRoutes(world: BlobWorld): readonly Route[] {
  const { store } = world;
  const route = (
    method: string,
    path: RegExp,
    operations: Readonly<Record<string, string>>,
    run: (call: Call, account: StorageAccount, name: string) => AzureReply,
  ): Route => ({
    service: 'blob',
    method,
    path,
    name: (request) => operations[meant(request)] ?? 'unknown',
    run(call) {
      const [account = '', name = ''] = call.params;
      const known = accountOf(world, account);
      if (!(meant(call.request) in operations)) throw unsupported();
      return run(call, known, name);
    },
  });
  const CONTAINER = 'container/';
  return [
    route('GET', ACCOUNT_PATH, { '/list': 'containers.list' }, (call, account) => {
      allow(world, account, call, { actions: ACTIONS.listContainers, letters: '' });
      return containerList(world, account, call);
    }),
    route(
      'POST',
      ACCOUNT_PATH,
      { 'service/userdelegationkey': 'user-delegation-key' },
      (call, account) => issueDelegationKey(world, account, call),
    ),
    route('PUT', CONTAINER_PATH, { [CONTAINER]: 'container.create' }, (call, account, name) => {
      const wish = { container: name, actions: ACTIONS.createContainer, letters: '' };
      allow(world, account, call, wish);
      if (!CONTAINER_NAME.test(name)) {
        throw blobRefusal(
          400,
          'InvalidResourceName',
          'The specified resource name contains invalid characters.',
        );
      }
      if (store.find(account.name, name) !== undefined) {
        throw blobRefusal(409, 'ContainerAlreadyExists', 'The specified container already exists.');
      }
      return stamped(201, store.add({ account: account.name, name }));
    }),
    route('DELETE', CONTAINER_PATH, { [CONTAINER]: 'container.delete' }, (call, account, name) => {
      const wish = { container: name, actions: ACTIONS.deleteContainer, letters: '' };
      allow(world, account, call, wish);
      if (!store.remove(account.name, name)) throw noContainer();
      return { status: 202, headers: {}, body: '' };
    }),
    ...['GET', 'HEAD'].map((method) =>
      route(
        method,
        CONTAINER_PATH,
        { [CONTAINER]: 'container.get', 'container/list': 'blobs.list' },
        (call, account, name) => {
          const listing = call.request.query.get('comp') === 'list';
          const path = call.request.query.get('prefix') ?? '';
          allow(
            world,
            account,
            call,
            listing
              ? { container: name, path, actions: ACTIONS.read, letters: 'l' }
              : { container: name, actions: ACTIONS.listContainers, letters: '' },
          );
          const found = store.find(account.name, name);
          if (found === undefined) throw noContainer();
          return listing ? blobList(world, account, found, call) : stamped(200, found);
        },
      ),
    ),
  ];
}

export function accountOf(world: BlobWorld, name: string): StorageAccount {
  const found = world.estate.findAccount(name);
  if (found !== undefined) return found;
  // In Azure such a host has no address at all.
  throw blobRefusal(404, 'ResourceNotFound', 'The specified resource does not exist.');
}

export function unsupported(): Error {
  return blobRefusal(
    400,
    'InvalidQueryParameterValue',
    'Value for one of the query parameters specified in the request URI is invalid.',
  );
}

function stamped(status: number, { etag, modifiedAt }: Container): AzureReply {
  const headers = {
    etag,
    'last-modified': new Date(modifiedAt).toUTCString(),
    'x-ms-lease-status': 'unlocked',
    'x-ms-lease-state': 'available',
    'x-ms-has-immutability-policy': 'false',
    'x-ms-has-legal-hold': 'false',
  };
  return { status, headers, body: '' };
}
