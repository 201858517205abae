import { jsonReply } from '../reply.ts';
import type { Route } from '../service.ts';
import type { World } from '../world.ts';
import { oauthRefusal } from './aadsts.ts';
import { authorityOf } from './authority.ts';
import { SHARED, tenantOf } from './tenant.ts';

/** What a client asks before the token endpoint. */
export function metadataRoutes(world: World): readonly Route[] {
  return [
    {
      service: 'entra',
      method: 'GET',
      path: /^\/([^/]+)\/v2\.0\/\.well-known\/openid-configuration$/,
      name: () => 'openid-configuration',
      run({ request, params: [segment = ''] }) {
        const shared = SHARED.has(segment.toLowerCase());
        const issued = shared ? '{tenantid}' : tenantOf(world, segment).id;
        const authority = authorityOf(world, request);
        const base = `${authority}/${segment}`;
        return jsonReply({
          token_endpoint: `${base}/oauth2/v2.0/token`,
          token_endpoint_auth_methods_supported: [
            'client_secret_post',
            'private_key_jwt',
            'client_secret_basic',
          ],
          jwks_uri: `${base}/discovery/v2.0/keys`,
          response_modes_supported: ['query', 'fragment', 'form_post'],
          subject_types_supported: ['pairwise'],
          id_token_signing_alg_values_supported: ['RS256'],
          response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
          scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
          issuer: `${authority}/${issued}/v2.0`,
          authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
          device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
          tenant_region_scope: 'EU',
          cloud_instance_name: new URL(authority).host,
        });
      },
    },
    {
      service: 'entra',
      method: 'GET',
      path: /^\/common\/discovery\/instance$/,
      name: () => 'instance-discovery',
      run({ request }) {
        const asked = URL.parse(request.query.get('authorization_endpoint') ?? '');
        if (request.query.get('api-version') === null || asked === null) {
          throw oauthRefusal(900144, 'The request needs api-version and authorization_endpoint.');
        }
        const authority = authorityOf(world, request);
        const { host } = new URL(authority);
        const tenant = asked.pathname.split('/')[1] ?? '';
        return jsonReply({
          tenant_discovery_endpoint: `${authority}/${tenant}/v2.0/.well-known/openid-configuration`,
          'api-version': request.query.get('api-version'),
          metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
        });
      },
    },
    {
      service: 'entra',
      method: 'GET',
      path: /^\/([^/]+)\/discovery\/(?:v2\.0\/)?keys$/,
      name: () => 'keys',
      run({ params: [segment = ''] }) {
        if (!SHARED.has(segment.toLowerCase())) tenantOf(world, segment);
        return jsonReply(world.tokens.keySet());
      },
    },
  ];
}
