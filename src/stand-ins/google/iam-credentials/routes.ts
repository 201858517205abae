import { insufficientScopes, unauthenticated } from '../api-refusals.ts';
import { callerOf } from '../bearer.ts';
import { jsonReply } from '../reply.ts';
import { CLOUD_PLATFORM, IAM } from '../scopes.ts';
import type { Route } from '../service.ts';
import type { World } from '../world.ts';
import { generateAccessToken } from './access-token.ts';
import type { IamCall, IamMethod } from './call.ts';
import { readBody } from './call.ts';
import { generateIdToken } from './id-token.ts';
import { signBlob, signJwt } from './sign.ts';

const METHODS: Readonly<Record<string, IamMethod>> = {
  generateAccessToken,
  generateIdToken,
  signBlob,
  signJwt,
};

/** https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts */
export function iamCredentialsRoutes(world: World): readonly Route[] {
  return [
    ...Object.entries(METHODS).map(([name, method]) => methodRoute(world, name, method)),
    {
      // Python asks in the background, and lives without an answer.
      service: 'iamcredentials',
      method: 'GET',
      path: /^\/v1\/projects\/-\/serviceAccounts\/([^/]+)\/allowedLocations$/,
      name: () => 'allowedLocations',
      run: () => jsonReply({ locations: [], encodedLocations: '0x0' }),
    },
  ];
}

function methodRoute(world: World, name: string, method: IamMethod): Route {
  return {
    service: 'iamcredentials',
    method: 'POST',
    path: new RegExp(`^/v1/projects/-/serviceAccounts/([^/]+):${name}$`),
    name: () => name,
    run({ request, visit, params: [email = ''] }) {
      visit.target = email;
      const caller = callerOf(world, request, visit, 'iamcredentials');
      if (typeof caller === 'string') throw unauthenticated(caller);
      const able = caller.scopes.some((scope) => scope === CLOUD_PLATFORM || scope === IAM);
      // A boundary is about Cloud Storage: everywhere else such a token may do nothing.
      if (!able || caller.boundary !== undefined) throw insufficientScopes();
      const body = readBody(request);
      const call: IamCall = { world, visit, caller, body, email };
      return jsonReply(method(call));
    },
  };
}
