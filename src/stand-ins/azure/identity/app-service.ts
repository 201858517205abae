import { nameOf } from '../principals.ts';
import { refusal } from '../refusal.ts';
import type { Refusal } from '../refusal.ts';
import { jsonReply } from '../reply.ts';
import type { AzureReply } from '../reply.ts';
import type { Call, Route } from '../service.ts';
import type { Identities } from './identities.ts';
import { readWanted } from './parameters.ts';

const SELECTORS = {
  client_id: 'clientId',
  principal_id: 'objectId',
  object_id: 'objectId',
  mi_res_id: 'resourceId',
} as const;

const PROBLEMS = {
  'not-found':
    'No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.',
  several: 'An attempt to get a token without naming one of several identities.',
  resource: 'AADSTS500011: The resource principal was not found in the tenant.',
} as const;

/**
 * The endpoint of App Service and Container Apps, version 2019-08-01, behind its rotating secret.
 * https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
 */
export function appServiceRoute(identities: Identities, secret: string): Route {
  return {
    service: 'identity',
    method: 'GET',
    path: /^\/msi\/token\/?$/,
    name: () => 'app-service',
    run: (call) => token(identities, secret, call),
  };
}

function token(identities: Identities, secret: string, { request, visit }: Call): AzureReply {
  if (request.headers.get('x-identity-header') !== secret) {
    throw appServiceRefusal(401, 'The X-IDENTITY-HEADER is missing or wrong.');
  }
  const version = request.query.get('api-version') ?? '';
  if (version !== '2019-08-01') {
    throw appServiceRefusal(400, `UnsupportedApiVersion: '${version}'`);
  }
  const wanted = readWanted(request, SELECTORS);
  if (typeof wanted === 'string') throw appServiceRefusal(400, wanted);
  visit.target = wanted.resource;
  const found = identities.token(
    wanted.selector,
    wanted.resource,
    'identity:app-service',
    visit.now,
  );
  if (typeof found === 'string') throw appServiceRefusal(400, PROBLEMS[found]);
  const { identity, issued } = found;
  visit.principal = nameOf(issued.principal);
  return jsonReply({
    access_token: issued.token,
    expires_on: String(Math.floor(issued.expiresAt / 1000)),
    resource: wanted.resource,
    token_type: 'Bearer',
    client_id: identity.clientId.toUpperCase(),
  });
}

/** `{statusCode, message, correlationId}` */
function appServiceRefusal(statusCode: number, message: string): Refusal {
  return refusal(String(statusCode), message, ({ correlation }) =>
    jsonReply({ statusCode, message, correlationId: correlation }, statusCode),
  );
}
