import { createHash } from 'node:crypto';
import type { AzureReply } from '../reply.ts';
import type { AzureRequest } from '../request.ts';
import type { Call, Route } from '../service.ts';
import { ACTIONS, allow } from './access.ts';
import { accountOf, unsupported } from './container-routes.ts';
import { blobRefusal, noBlob, noContainer } from './refusals.ts';
import type { Container, StoredBlob } from './store.ts';
import type { BlobWorld } from './world.ts';

const BLOB_PATH = /^\/([a-z0-9]{3,24})\/([^/]+)\/(.+)$/;

interface Named {
  readonly container: Container;
  readonly name: string;
}

/** Block blobs, written and read whole or in a range. */
export function blobRoutes(world: BlobWorld): readonly Route[] {
  const route = (
    method: string,
    operation: string,
    letters: (exists: boolean) => string,
    actions: (typeof ACTIONS)[keyof typeof ACTIONS],
    run: (call: Call, named: Named) => AzureReply,
  ): Route => ({
    service: 'blob',
    method,
    path: BLOB_PATH,
    name: () => operation,
    run(call) {
      const [accountName = '', containerName = '', name = ''] = call.params;
      const account = accountOf(world, accountName);
      if (call.request.query.has('comp')) throw unsupported();
      const container = world.store.find(account.name, containerName);
      const exists = container?.blobs.has(name) ?? false;
      const wish = { container: containerName, path: name, actions, letters: letters(exists) };
      allow(world, account, call, wish);
      if (container === undefined) throw noContainer();
      return run(call, { container, name });
    },
  });
  const read = (call: Call, { container, name }: Named): AzureReply => {
    const blob = container.blobs.get(name);
    if (blob === undefined) throw noBlob();
    return content(call.request, blob);
  };
  return [
    route('GET', 'get', () => 'r', ACTIONS.read, read),
    route('HEAD', 'head', () => 'r', ACTIONS.read, read),
    route(
      'PUT',
      'put',
      (exists) => (exists ? 'w' : 'wc'),
      ACTIONS.write,
      ({ request }, named) => put(world, request, named),
    ),
    route(
      'DELETE',
      'delete',
      () => 'd',
      ACTIONS.delete,
      (_, { container, name }) => {
        if (!container.blobs.delete(name)) throw noBlob();
        return { status: 202, headers: {}, body: '' };
      },
    ),
  ];
}

/** https://learn.microsoft.com/rest/api/storageservices/put-blob */
function put(world: BlobWorld, request: AzureRequest, { container, name }: Named): AzureReply {
  const { headers, body } = request;
  if (headers.get('x-ms-blob-type') !== 'BlockBlob') {
    throw blobRefusal(
      400,
      'MissingRequiredHeader',
      'An HTTP header that is mandatory for this request is not specified: x-ms-blob-type, and here only BlockBlob.',
    );
  }
  if (headers.get('if-none-match') === '*' && container.blobs.has(name)) {
    throw blobRefusal(409, 'BlobAlreadyExists', 'The specified blob already exists.');
  }
  const md5 = createHash('md5').update(body).digest('base64');
  const claimed = headers.get('content-md5');
  if (claimed !== undefined && claimed !== md5) {
    throw blobRefusal(
      400,
      'Md5Mismatch',
      'The MD5 value specified in the request did not match the MD5 value calculated by the server.',
    );
  }
  const contentType = headers.get('x-ms-blob-content-type') ?? headers.get('content-type');
  const metadata = Object.fromEntries(
    [...headers].filter(([header]) => header.startsWith('x-ms-meta-')),
  );
  const blob = world.store.put(container, name, {
    body,
    ...(contentType === undefined ? {} : { contentType }),
    metadata,
  });
  return {
    status: 201,
    headers: {
      etag: blob.etag,
      'last-modified': new Date(blob.modifiedAt).toUTCString(),
      'content-md5': md5,
      'x-ms-request-server-encrypted': 'true',
    },
    body: '',
  };
}

/** https://learn.microsoft.com/rest/api/storageservices/get-blob */
function content(request: AzureRequest, blob: StoredBlob): AzureReply {
  const headers = {
    'content-type': blob.contentType,
    etag: blob.etag,
    'last-modified': new Date(blob.modifiedAt).toUTCString(),
    'accept-ranges': 'bytes',
    'x-ms-blob-type': 'BlockBlob',
    'x-ms-lease-status': 'unlocked',
    'x-ms-lease-state': 'available',
    'x-ms-server-encrypted': 'true',
    ...blob.metadata,
  };
  const asked = request.headers.get('x-ms-range') ?? request.headers.get('range');
  if (request.method === 'HEAD' || asked === undefined) {
    return { status: 200, headers, body: blob.body };
  }
  const found = /^bytes=(\d+)-(\d*)$/.exec(asked);
  const from = Number(found?.[1] ?? Number.NaN);
  if (!(from < blob.body.length)) {
    throw blobRefusal(
      416,
      'InvalidRange',
      'The range specified is invalid for the current size of the resource.',
    );
  }
  const last = found?.[2] === '' ? Number.POSITIVE_INFINITY : Number(found?.[2]);
  const part = blob.body.subarray(from, last + 1);
  const range = `bytes ${from}-${from + part.length - 1}/${blob.body.length}`;
  return { status: 206, headers: { ...headers, 'content-range': range }, body: part };
}
