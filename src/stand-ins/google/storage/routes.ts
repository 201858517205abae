import type { GoogleReply } from '../reply.ts';
import type { Route } from '../service.ts';
import type { World } from '../world.ts';
import { openCall } from './access.ts';
import type { Reach, StorageCall } from './access.ts';
import { listBuckets, listObjects } from './listing.ts';
import { downloadObject, getBucket, getObject, testIamPermissions } from './reading.ts';

type Row = readonly [
  name: string,
  method: string,
  path: RegExp,
  reach: Reach,
  run: (call: StorageCall) => GoogleReply,
];

const ROWS: readonly Row[] = [
  ['buckets.list', 'GET', /^\/storage\/v1\/b$/, 'read', listBuckets],
  ['buckets.get', 'GET', /^\/storage\/v1\/b\/([^/]+)$/, 'read', getBucket],
  [
    'buckets.testIamPermissions',
    'GET',
    /^\/storage\/v1\/b\/([^/]+)\/iam\/testPermissions$/,
    'read',
    testIamPermissions,
  ],
  ['objects.list', 'GET', /^\/storage\/v1\/b\/([^/]+)\/o$/, 'read', listObjects],
  ['objects.get', 'GET', /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/, 'read', getObject],
  [
    'objects.get',
    'GET',
    /^\/download\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/,
    'read',
    downloadObject,
  ],
];

/** https://cloud.google.com/storage/docs/json_api/v1 */
export function storageRoutes(world: World): readonly Route[] {
  return ROWS.map(([name, method, path, reach, run]) => ({
    service: 'storage',
    method,
    path,
    name: () => name,
    run(call) {
      call.visit.target = call.params.join('/');
      return run(openCall(world, call, reach));
    },
  }));
}
