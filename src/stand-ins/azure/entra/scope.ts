import type { World } from '../world.ts';
import type { Tenant } from '../directory.ts';
import { oauthRefusal } from './aadsts.ts';

const DEFAULT = '/.default';
const ABOUT_PERSON = new Set(['openid', 'profile', 'email', 'offline_access']);

/** `<resource>/.default`, exactly one: the resource, byte for byte. */
export function appResource(world: World, scope: string, tenant: Tenant): string {
  if (/\s/.test(scope)) {
    throw oauthRefusal(
      70011,
      `The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope ${scope} is not valid.`,
    );
  }
  if (!scope.endsWith(DEFAULT) || scope === DEFAULT) {
    throw oauthRefusal(
      1002012,
      `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
    );
  }
  return known(world, scope.slice(0, -DEFAULT.length), tenant);
}

/** A person's scopes: permissions on one resource, beside the words of OpenID Connect. */
export function personResource(
  world: World,
  scope: string,
  tenant: Tenant,
): { readonly resource: string; readonly permissions: string; readonly words: readonly string[] } {
  const asked = scope.split(' ').filter((piece) => piece !== '');
  const words = asked.filter((piece) => ABOUT_PERSON.has(piece));
  const wanted = asked.filter((piece) => !ABOUT_PERSON.has(piece)).map(split);
  const [first] = wanted;
  if (first === undefined) {
    return { resource: 'https://graph.microsoft.com', permissions: 'User.Read', words };
  }
  if (wanted.some(({ resource }) => resource !== first.resource)) {
    throw oauthRefusal(
      28000,
      `Provided value for the input parameter scope is not valid because it contains more than one resource. Scope ${scope} is not valid.`,
    );
  }
  const names = wanted.map(({ permission }) => permission);
  const permissions = names.includes('.default') ? 'user_impersonation' : names.join(' ');
  return { resource: known(world, first.resource, tenant), permissions, words };
}

function split(piece: string): { readonly resource: string; readonly permission: string } {
  const slash = piece.lastIndexOf('/');
  if (slash <= 0 || slash === piece.length - 1) {
    throw oauthRefusal(
      70011,
      `The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope ${piece} is not valid.`,
    );
  }
  return { resource: piece.slice(0, slash), permission: piece.slice(slash + 1) };
}

function known(world: World, resource: string, tenant: Tenant): string {
  if (!world.directory.resources.has(resource)) {
    throw oauthRefusal(
      500011,
      `The resource principal named ${resource} was not found in the tenant named ${tenant.domain}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
    );
  }
  return resource;
}
