import type { JsonObject } from '../../google/json.ts';
import { peekForm, readForm } from '../form.ts';
import type { Form } from '../form.ts';
import { nameOf } from '../principals.ts';
import { jsonReply } from '../reply.ts';
import type { Route, Visit } from '../service.ts';
import { servicePrincipal } from '../apps.ts';
import type { World } from '../world.ts';
import { missingParameter, oauthRefusal } from './aadsts.ts';
import { appOf, authenticate } from './client-authentication.ts';
import type { DeviceCodes } from './device-code.ts';
import { refresh } from './refresh.ts';
import { appResource } from './scope.ts';
import { SHARED, tenantOf } from './tenant.ts';

/** RFC 8628's name, and the shorter one that MSAL sends. */
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const DEVICE_CODE_OF_MSAL = 'device_code';

/** RFC 6749 section 4.4, as Entra has it: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
export function tokenRoute(world: World, devices: DeviceCodes): Route {
  return {
    service: 'entra',
    method: 'POST',
    path: /^\/([^/]+)\/oauth2\/v2\.0\/token\/?$/,
    name: (request) => nameOfGrant((name) => peekForm(request, name)),
    run({ request, visit, params: [segment = ''] }) {
      const form = readForm(request);
      const grant = form.require('grant_type');
      if (!SHARED.has(segment.toLowerCase())) tenantOf(world, segment);
      switch (grant) {
        case 'client_credentials':
          return jsonReply(clientCredentials(world, form, segment, visit), 200, NEVER_KEPT);
        case 'refresh_token':
          return jsonReply(refresh(world, form, segment, visit), 200, NEVER_KEPT);
        case DEVICE_CODE:
        case DEVICE_CODE_OF_MSAL:
          return jsonReply(devices.poll(form, segment, visit), 200, NEVER_KEPT);
        default:
          throw oauthRefusal(70003, `The app requested an unsupported grant type '${grant}'.`);
      }
    },
  };
}

const NEVER_KEPT = { 'cache-control': 'no-store, no-cache', pragma: 'no-cache' };

function clientCredentials(world: World, form: Form, segment: string, visit: Visit): JsonObject {
  const clientId = form.require('client_id');
  if (SHARED.has(segment.toLowerCase())) {
    throw oauthRefusal(
      50059,
      'No tenant-identifying information found in either the request or implied by any provided credentials.',
    );
  }
  const tenant = tenantOf(world, segment);
  const scope = form.get('scope');
  if (scope === undefined) throw missingParameter('scope');
  visit.scopes = [scope];
  const app = appOf(world, clientId, tenant);
  const proof = authenticate(world, app, form, tenant, visit);
  const principal = servicePrincipal(app, tenant.id);
  visit.principal = nameOf(principal);
  const audience = appResource(world, scope, tenant);
  visit.target = audience;
  const issued = world.tokens.issue({
    principal,
    audience,
    via: `entra:${nameOfGrant(form.get)}`,
    clientId: app.app.clientId,
    proof,
    now: visit.now,
  });
  return {
    token_type: 'Bearer',
    expires_in: issued.expiresIn,
    ext_expires_in: issued.expiresIn,
    access_token: issued.token,
  };
}

/** Told apart by what is in the form, before anything is verified. */
function nameOfGrant(get: (name: string) => string | undefined): string {
  const grant = get('grant_type');
  if (grant === DEVICE_CODE || grant === DEVICE_CODE_OF_MSAL) return 'device-token';
  if (grant === 'refresh_token') return 'refresh';
  if (grant !== 'client_credentials') return 'other-grant';
  return get('client_assertion') === undefined ? 'client-secret' : 'client-assertion';
}
