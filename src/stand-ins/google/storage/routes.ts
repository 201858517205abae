import type { GoogleReply } from '../reply.ts';
import type { Route } from '../service.ts';
import type { World } from '../world.ts';
import { baseOf, openCall } from './access.ts';
import type { Reach, StorageCall } from './access.ts';
import { composeObject, copyObject, deleteObject, rewriteObject } from './copying.ts';
import { listBuckets, listObjects } from './listing.ts';
import {
  downloadObject,
  getBucket,
  getObject,
  getStorageLayout,
  testIamPermissions,
} from './reading.ts';
import { continueUpload, insertObject } from './uploads.ts';
import type { UploadSessions } from './uploads.ts';

type Row = readonly [
  name: string,
  /** Method and path; `*` is one encoded segment. */
  line: string,
  reach: Reach,
  run: (call: StorageCall) => GoogleReply,
];

const ROWS: readonly Row[] = [
  ['buckets.list', 'GET /storage/v1/b', 'read', listBuckets],
  ['buckets.get', 'GET /storage/v1/b/*', 'read', getBucket],
  ['buckets.getStorageLayout', 'GET /storage/v1/b/*/storageLayout', 'read', getStorageLayout],
  [
    'buckets.testIamPermissions',
    'GET /storage/v1/b/*/iam/testPermissions',
    'read',
    testIamPermissions,
  ],
  ['objects.list', 'GET /storage/v1/b/*/o', 'read', listObjects],
  ['objects.get', 'GET /storage/v1/b/*/o/*', 'read', getObject],
  ['objects.get', 'GET /download/storage/v1/b/*/o/*', 'read', downloadObject],
  ['objects.delete', 'DELETE /storage/v1/b/*/o/*', 'write', deleteObject],
  ['objects.compose', 'POST /storage/v1/b/*/o/*/compose', 'write', composeObject],
  ['objects.rewrite', 'POST /storage/v1/b/*/o/*/rewriteTo/b/*/o/*', 'write', rewriteObject],
  ['objects.copy', 'POST /storage/v1/b/*/o/*/copyTo/b/*/o/*', 'write', copyObject],
];

/** Clients of Google's older generator put `/resumable` before it. */
const UPLOAD = /^(?:\/resumable)?\/upload\/storage\/v1\/b\/([^/]+)\/o$/;

/** https://cloud.google.com/storage/docs/json_api/v1 */
export function storageRoutes(world: World): readonly Route[] {
  const sessions: UploadSessions = new Map();
  const rows = ROWS.map(([name, line, reach, run]) => {
    const [method = '', path = ''] = line.split(' ');
    const pattern = new RegExp(`^${path.replaceAll('*', '([^/]+)')}$`);
    return storageRoute(world, name, method, pattern, reach, run);
  });
  const insert = (call: StorageCall): GoogleReply => insertObject(call, sessions);
  return [
    ...rows,
    storageRoute(world, 'objects.insert', 'POST', UPLOAD, 'write', insert),
    {
      service: 'storage',
      method: 'PUT',
      path: UPLOAD,
      name: () => 'objects.resume',
      run: ({ request }) => continueUpload(request, sessions, baseOf(world, request)),
    },
  ];
}

function storageRoute(
  world: World,
  name: string,
  method: string,
  path: RegExp,
  reach: Reach,
  run: (call: StorageCall) => GoogleReply,
): Route {
  return {
    service: 'storage',
    method,
    path,
    name: () => name,
    run(call) {
      call.visit.target = call.params.join('/');
      return run(openCall(world, call, reach));
    },
  };
}
