import { unauthenticated } from './api-refusals.ts';
import { callerOf } from './bearer.ts';
import { nameOf } from './principals.ts';
import { oauthRefusal } from './refusal.ts';
import { jsonReply } from './reply.ts';
import type { Route } from './service.ts';
import type { World } from './world.ts';

/** Certificates, and what a token says of its holder. https://accounts.google.com/.well-known/openid-configuration */
export function identityRoutes(world: World): readonly Route[] {
  const cached = { 'cache-control': 'public, max-age=19800, must-revalidate, no-transform' };
  return [
    {
      service: 'oauth2',
      method: 'GET',
      path: /^\/oauth2\/v3\/certs$/,
      name: () => 'certs',
      run: () => jsonReply(world.googleKeys.keySet(), 200, cached),
    },
    {
      service: 'oauth2',
      method: 'GET',
      path: /^\/oauth2\/v1\/certs$/,
      name: () => 'certs',
      run: ({ visit }) => jsonReply(world.googleKeys.certificates(visit.now), 200, cached),
    },
    ...(['GET', 'POST'] as const).map((method): Route => ({
      service: 'oauth2',
      method,
      path: /^\/(?:oauth2\/v[13]\/)?tokeninfo$/,
      name: () => 'tokeninfo',
      run({ request, visit }) {
        const bearer = /^Bearer (\S+)$/.exec(request.headers.get('authorization') ?? '')?.[1];
        const shown = bearer ?? request.query.get('access_token') ?? '';
        const found = world.tokens.live(shown, visit.now);
        if (found === undefined || !world.accounts.usable(found.principal)) {
          throw oauthRefusal(400, 'invalid_token', 'Invalid Value');
        }
        const { principal, scopes, expiresAt } = found;
        visit.principal = nameOf(principal);
        const client = principal.kind === 'service-account' ? principal.uniqueId : found.clientId;
        return jsonReply({
          ...(client === undefined ? {} : { azp: client, aud: client }),
          ...(principal.kind === 'federated' ? {} : { sub: principal.uniqueId }),
          scope: scopes.join(' '),
          exp: String(Math.floor(expiresAt / 1000)),
          expires_in: String(Math.floor((expiresAt - visit.now) / 1000)),
          ...(principal.kind !== 'federated' && sees(scopes)
            ? { email: principal.email, email_verified: 'true' }
            : {}),
          access_type: principal.kind === 'user' ? 'offline' : 'online',
        });
      },
    })),
    {
      service: 'oauth2',
      method: 'GET',
      path: /^\/oauth2\/v[13]\/userinfo$/,
      name: () => 'userinfo',
      run({ request, visit }) {
        const caller = callerOf(world, request, visit, 'oauth2');
        if (typeof caller === 'string') throw unauthenticated(caller);
        const { principal, scopes, boundary } = caller;
        if (principal.kind === 'federated' || boundary) throw unauthenticated('invalid');
        const seen = sees(scopes) ? { email: principal.email, verified_email: true } : {};
        return jsonReply({ id: principal.uniqueId, ...seen });
      },
    },
  ];
}

function sees(scopes: readonly string[]): boolean {
  return scopes.some(
    (scope) => scope.endsWith('/userinfo.email') || scope.endsWith('/cloud-platform'),
  );
}
