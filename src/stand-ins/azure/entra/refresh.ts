import type { JsonObject } from '../../google/json.ts';
import type { Tenant } from '../directory.ts';
import type { Form } from '../form.ts';
import { nameOf } from '../principals.ts';
import type { Visit } from '../service.ts';
import type { UserState } from '../users.ts';
import type { World } from '../world.ts';
import { oauthRefusal } from './aadsts.ts';
import { appOf, authenticate } from './client-authentication.ts';
import type { Proof } from './client-authentication.ts';
import { personResource } from './scope.ts';
import { SHARED, tenantOf } from './tenant.ts';

/** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#refresh-the-access-token */
export function refresh(world: World, form: Form, segment: string, visit: Visit): JsonObject {
  const clientId = form.require('client_id');
  const token = form.require('refresh_token');
  const grant = world.directory.refreshTokens.find(token);
  if (grant === undefined) {
    throw oauthRefusal(9002313, 'Invalid request. Request is malformed or invalid.');
  }
  const { owner } = grant;
  const tenant = personTenant(world, segment, owner);
  const proof = clientProof(world, clientId, form, tenant, visit);
  if (grant.clientId.toLowerCase() !== clientId.toLowerCase()) {
    throw oauthRefusal(70000, 'Provided grant is invalid or malformed.');
  }
  visit.principal = nameOf(owner.principal);
  if (grant.revoked) {
    throw oauthRefusal(
      50173,
      'The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.',
    );
  }
  if (grant.expiresAt <= visit.now) {
    throw oauthRefusal(
      700082,
      'The refresh token has expired due to inactivity. The token was inactive for 90.00:00:00.',
    );
  }
  return personAnswer(world, owner, {
    clientId,
    proof,
    scope: form.get('scope') ?? '',
    via: 'entra:refresh',
    tenant,
    visit,
    offline: true,
    info: form.get('client_info') === '1',
  });
}

/** A person of a shared authority is of the home tenant; of another one only as a guest. */
export function personTenant(world: World, segment: string, owner: UserState): Tenant {
  const own = tenantOf(world, owner.principal.tenantId);
  if (SHARED.has(segment.toLowerCase())) return own;
  const asked = tenantOf(world, segment);
  if (owner.places.has(asked.id)) return asked;
  throw oauthRefusal(
    50034,
    `The user account ${owner.principal.upn} does not exist in the ${asked.domain} directory. To sign into this application, the account must be added to the directory.`,
  );
}

/** Undefined for a public client, which has nothing to prove itself by. */
export function clientProof(
  world: World,
  clientId: string,
  form: Form,
  tenant: Tenant,
  visit: Visit,
): Proof | undefined {
  const { directory } = world;
  if (directory.isPublicClient(clientId)) {
    if (directory.findApp(clientId) !== undefined) appOf(world, clientId, tenant);
    if (form.get('client_secret') === undefined) return undefined;
    throw oauthRefusal(700030, 'Public clients must not send a client secret.');
  }
  return authenticate(world, appOf(world, clientId, tenant), form, tenant, visit);
}

interface PersonOrder {
  readonly clientId: string;
  readonly proof: Proof | undefined;
  readonly scope: string;
  readonly via: string;
  readonly tenant: Tenant;
  readonly visit: Visit;
  /** Whether a refresh token goes along though `offline_access` was not asked for. */
  readonly offline: boolean;
  /** Microsoft's own libraries want to be told whose tokens they keep. */
  readonly info: boolean;
}

/** Tokens for a person whose account lets them. The new refresh token does not end the old one. */
export function personAnswer(world: World, owner: UserState, order: PersonOrder): JsonObject {
  const { visit, clientId } = order;
  const { resource, permissions, words } = personResource(world, order.scope, order.tenant);
  visit.scopes = [order.scope];
  visit.target = resource;
  checkAccount(owner, resource);
  const principal = owner.places.get(order.tenant.id) ?? owner.principal;
  const issued = world.tokens.issue({
    principal,
    audience: resource,
    via: order.via,
    clientId,
    proof: order.proof ?? '0',
    scopes: permissions,
    now: visit.now,
  });
  const { tenantId, objectId } = owner.principal;
  const clientInfo = JSON.stringify({ uid: objectId, utid: tenantId });
  const lasting = order.offline || words.includes('offline_access');
  return {
    token_type: 'Bearer',
    scope: permissions
      .split(' ')
      .map((name) => `${resource}/${name}`)
      .join(' '),
    expires_in: issued.expiresIn,
    ext_expires_in: issued.expiresIn,
    access_token: issued.token,
    ...(words.includes('openid')
      ? { id_token: world.tokens.identityToken(principal, clientId, visit.now) }
      : {}),
    ...(order.info ? { client_info: Buffer.from(clientInfo).toString('base64url') } : {}),
    ...(lasting ? { refresh_token: world.directory.refreshTokens.issue(owner, clientId) } : {}),
  };
}

function checkAccount(owner: UserState, resource: string): void {
  if (owner.disabled) throw oauthRefusal(50057, 'The user account is disabled.');
  const policy = owner.principal.objectId;
  const claims = JSON.stringify({
    access_token: { capolids: { essential: true, values: [policy] } },
  });
  if (owner.blocked) {
    throw oauthRefusal(
      53003,
      'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
      { claims },
    );
  }
  if (owner.mfa) {
    throw oauthRefusal(
      50076,
      `Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '${resource}'.`,
      { claims },
    );
  }
}
