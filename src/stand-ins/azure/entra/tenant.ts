import type { Tenant } from '../directory.ts';
import type { World } from '../world.ts';
import { oauthRefusal } from './aadsts.ts';

/** Names that stand for whatever tenant the person turns out to be of. */
export const SHARED: ReadonlySet<string> = new Set(['common', 'organizations', 'consumers']);

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DOMAIN = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i;

/** The tenant of a path, by id or domain. */
export function tenantOf(world: World, segment: string): Tenant {
  if (!GUID.test(segment) && !DOMAIN.test(segment)) {
    throw oauthRefusal(
      900023,
      `Specified tenant identifier '${segment}' is neither a valid DNS name, nor a valid external domain.`,
    );
  }
  const tenant = world.directory.findTenant(segment);
  if (tenant === undefined) {
    throw oauthRefusal(
      90002,
      `Tenant '${segment}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`,
    );
  }
  return tenant;
}
