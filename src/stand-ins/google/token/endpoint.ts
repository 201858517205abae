import { peekForm, readForm } from '../form.ts';
import { oauthRefusal } from '../refusal.ts';
import { jsonReply } from '../reply.ts';
import type { GoogleRequest } from '../request.ts';
import type { Route } from '../service.ts';
import type { World } from '../world.ts';
import { jwtBearer } from './jwt-bearer.ts';
import { refresh } from './refresh.ts';

/** Grant types of oauth2.googleapis.com, with the operation's name. */
const GRANTS = {
  'urn:ietf:params:oauth:grant-type:jwt-bearer': { name: 'jwt-bearer', run: jwtBearer },
  refresh_token: { name: 'refresh-token', run: refresh },
} as const;

/** https://developers.google.com/identity/protocols/oauth2/service-account#httprest */
export function tokenRoute(world: World): Route {
  return {
    service: 'oauth2',
    method: 'POST',
    path: /^\/token$/,
    name: (request) => grantOf(request)?.name ?? 'unknown-grant',
    run({ request, visit }) {
      const form = readForm(request);
      const type = form.require('grant_type');
      const grant = grantOf(request);
      if (grant === undefined) {
        throw oauthRefusal(400, 'unsupported_grant_type', `Invalid grant_type: ${type}`);
      }
      const answer = grant.run(world, form, visit, request);
      return jsonReply(answer, 200, { 'cache-control': 'no-store', pragma: 'no-cache' });
    },
  };
}

function grantOf(request: GoogleRequest) {
  const type = peekForm(request, 'grant_type') ?? '';
  return Object.hasOwn(GRANTS, type) ? GRANTS[type as keyof typeof GRANTS] : undefined;
}
