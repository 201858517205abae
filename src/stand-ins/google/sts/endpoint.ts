import { unauthenticated } from '../api-refusals.ts';
import { peekForm, invalidRequest, readForm } from '../form.ts';
import type { Form } from '../form.ts';
import type { JsonObject } from '../json.ts';
import { oauthRefusal } from '../refusal.ts';
import { jsonReply } from '../reply.ts';
import type { Route, Visit } from '../service.ts';
import type { World } from '../world.ts';
import { downscope } from './downscope.ts';
import { exchange } from './exchange.ts';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

/** https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token (RFC 8693) */
export function stsRoute(world: World): Route {
  return {
    service: 'sts',
    method: 'POST',
    path: /^\/v1\/token$/,
    name: (request) =>
      peekForm(request, 'subject_token_type') === ACCESS_TOKEN_TYPE ? 'downscope' : 'exchange',
    async run({ request, visit }) {
      // "do not send the Authorization HTTP header": the request is the proof. STS reference, token.
      if (request.headers.has('authorization')) throw unauthenticated('invalid');
      const form = readForm(request);
      return jsonReply(await answer(world, form, visit), 200, { 'cache-control': 'private' });
    },
  };
}

async function answer(world: World, form: Form, visit: Visit): Promise<JsonObject> {
  const grant = form.require('grant_type');
  if (grant !== TOKEN_EXCHANGE) {
    throw oauthRefusal(400, 'unsupported_grant_type', `Invalid value for "grant_type": ${grant}.`);
  }
  const wanted = form.require('requested_token_type');
  if (wanted !== ACCESS_TOKEN_TYPE) {
    throw invalidRequest(`Invalid value for "requested_token_type": ${wanted}.`);
  }
  const type = form.require('subject_token_type');
  const token = form.require('subject_token');
  if (type === ACCESS_TOKEN_TYPE) return downscope(world, form, token, visit);
  return exchange(world, form, { type, token }, visit);
}
