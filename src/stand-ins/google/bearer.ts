import { verifyAssertion } from './assertion.ts';
import { textOf } from './json.ts';
import { nameOf } from './principals.ts';
import type { Principal } from './principals.ts';
import { parseScopes, CLOUD_PLATFORM } from './scopes.ts';
import type { Visit } from './service.ts';
import type { Boundary } from './sts/boundary.ts';
import type { GoogleRequest } from './request.ts';
import type { World } from './world.ts';

/** What a request may be done with, once its bearer is proven. */
export interface Caller {
  readonly principal: Principal;
  readonly scopes: readonly string[];
  readonly boundary: Boundary | undefined;
}

/**
 * The caller behind `Authorization: Bearer`: an issued access token, or a JWT that a service
 * account signed for this service. `missing` and `invalid` are the same 401 with different texts.
 */
export function callerOf(
  world: World,
  request: GoogleRequest,
  visit: Visit,
  service: string,
): Caller | 'missing' | 'invalid' {
  const header = request.headers.get('authorization');
  if (header === undefined) return 'missing';
  const token = /^Bearer ([\w.~+/=-]+)$/i.exec(header)?.[1];
  if (token === undefined) return 'invalid';
  const issued = world.tokens.live(token, visit.now);
  const caller = issued ?? selfSigned(world, token, visit.now, service);
  if (caller === undefined || !world.accounts.usable(caller.principal)) return 'invalid';
  visit.principal = nameOf(caller.principal);
  visit.scopes = caller.scopes;
  return caller;
}

/** AIP-4111: `aud` is the service or there is a `scope`, never both; `iss` and `sub` are the account. */
function selfSigned(world: World, token: string, now: number, service: string): Caller | undefined {
  const verified = verifyAssertion(token, world.accounts, now);
  if (typeof verified === 'string') return undefined;
  const { principal, claims } = verified;
  if (claims['iss'] !== principal.email || claims['sub'] !== principal.email) return undefined;
  if (Number(claims['exp']) <= now / 1000) return undefined;
  const scope = textOf(claims, 'scope');
  if (scope !== undefined) {
    const scopes = claims['aud'] === undefined ? parseScopes(scope) : undefined;
    return scopes === undefined ? undefined : { principal, scopes, boundary: undefined };
  }
  const audiences = [`https://${service}.googleapis.com/`, `${world.url()}/`];
  if (!audiences.includes(textOf(claims, 'aud') ?? '')) return undefined;
  return { principal, scopes: [CLOUD_PLATFORM], boundary: undefined };
}
