import { callerOf } from '../bearer.ts';
import type { Caller } from '../bearer.ts';
import { membersOf, nameOf } from '../principals.ts';
import {
  CLOUD_PLATFORM,
  CLOUD_READ,
  STORAGE_FULL,
  STORAGE_READ,
  STORAGE_WRITE,
} from '../scopes.ts';
import type { GoogleRequest } from '../request.ts';
import type { Call } from '../service.ts';
import { boundaryAllows } from '../sts/boundary.ts';
import type { World } from '../world.ts';
import type { Bucket } from './buckets.ts';
import { invalidCredentials, noAccess, noBucket, scopesTooNarrow } from './refusals.ts';

/** What a scope must allow at least. https://cloud.google.com/storage/docs/oauth-scopes */
export type Reach = 'read' | 'write' | 'admin';

const SCOPES: Readonly<Record<Reach, readonly string[]>> = {
  read: [STORAGE_READ, STORAGE_WRITE, STORAGE_FULL, CLOUD_PLATFORM, CLOUD_READ],
  write: [STORAGE_WRITE, STORAGE_FULL, CLOUD_PLATFORM],
  admin: [STORAGE_FULL, CLOUD_PLATFORM],
};

/** What a permission is asked for. */
export interface Place {
  readonly bucket: Bucket;
  readonly object?: string;
  /** What a listing is narrowed to; only set by listings. */
  readonly listPrefix?: string;
}

/** One request, with its caller proven and its scopes looked at. */
export interface StorageCall extends Call {
  readonly world: World;
  /** Scheme and host as the client wrote them: links in answers must lead it back the same way. */
  readonly base: string;
  bucket(name: string): Bucket;
  may(permission: string, place: Place): boolean;
  /** Refuses with 403, or 401 when nobody is asking. */
  demand(permission: string, place: Place): void;
  /** The same for a whole project, where no boundary ever reaches. */
  demandProject(permission: string, project: string): void;
}

/** Proves the caller: nobody at all is let through to what everybody may see. */
export function openCall(world: World, call: Call, reach: Reach): StorageCall {
  const found = callerOf(world, call.request, call.visit, 'storage');
  if (found === 'invalid') throw invalidCredentials();
  const caller: Caller | undefined = found === 'missing' ? undefined : found;
  if (caller && !caller.scopes.some((scope) => SCOPES[reach].includes(scope))) {
    throw scopesTooNarrow();
  }
  const who = caller && nameOf(caller.principal);
  const members = caller === undefined ? ['allUsers'] : membersOf(caller.principal);

  function may(permission: string, { bucket, object, listPrefix }: Place): boolean {
    const resources = [bucket.name, `projects/${bucket.project}`];
    if (!world.buckets.permitted(members, permission, resources)) return false;
    if (caller?.boundary === undefined) return true;
    const name = `projects/_/buckets/${bucket.name}`;
    return boundaryAllows(caller.boundary, permission, bucket.name, {
      resourceName: object === undefined ? name : `${name}/objects/${object}`,
      objectListPrefix: listPrefix,
    });
  }

  return {
    ...call,
    world,
    base: baseOf(world, call.request),
    bucket(name) {
      const bucket = world.buckets.find(name);
      if (bucket === undefined) {
        if (caller === undefined) throw invalidCredentials();
        throw noBucket();
      }
      return bucket;
    },
    may,
    demand(permission, place) {
      const what = place.object === undefined ? 'Storage bucket' : 'Storage object';
      if (!may(permission, place)) throw noAccess(who, permission, what);
    },
    demandProject(permission, project) {
      const granted = world.buckets.permitted(members, permission, [`projects/${project}`]);
      if (!granted || caller?.boundary !== undefined) throw noAccess(who, permission, 'project');
    },
  };
}

export function baseOf(world: World, { headers }: GoogleRequest): string {
  const own = new URL(world.url());
  return `${own.protocol}//${headers.get('host') ?? own.host}`;
}
