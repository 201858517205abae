import { invalidArgument } from '../api-refusals.ts';
import { textsOf } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { knownScopes } from '../scopes.ts';
import { checkFields, targetOf } from './call.ts';
import type { IamCall } from './call.ts';

/** Seconds: the usual most, and the most an organisation policy can allow. */
const USUAL_SECONDS = 3600;
const EXTENDED_SECONDS = 43_200;

/** https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken */
export function generateAccessToken(call: IamCall): JsonObject {
  const { world, visit, body } = call;
  checkFields(body, ['delegates', 'scope', 'lifetime']);
  const scopes = knownScopes(textsOf(body['scope']) ?? []);
  if (scopes === undefined)
    throw invalidArgument('Invalid value at "scope": a list of scopes expected.');
  visit.scopes = scopes;
  const seconds = readSeconds(body['lifetime']);
  const { principal } = targetOf(call, 'iam.serviceAccounts.getAccessToken');
  const most = world.accounts.lifetimeExtended(principal.email) ? EXTENDED_SECONDS : USUAL_SECONDS;
  if (seconds > most) {
    throw invalidArgument(`The access token lifetime cannot exceed ${most} seconds.`);
  }
  const issued = world.tokens.issue({
    principal,
    scopes,
    via: 'iamcredentials:generateAccessToken',
    expiresAt: Math.floor(visit.now / 1000) * 1000 + seconds * 1000,
  });
  return {
    accessToken: issued.token,
    expireTime: new Date(issued.expiresAt).toISOString().replace('.000Z', 'Z'),
  };
}

/** A protobuf Duration in JSON: `3600s`. */
function readSeconds(value: unknown): number {
  if (value === undefined) return USUAL_SECONDS;
  const text =
    typeof value === 'string' ? /^(\d{1,6})(?:\.\d{1,9})?s$/.exec(value)?.[1] : undefined;
  if (text === undefined || Number(text) === 0) {
    throw invalidArgument('Invalid value at "lifetime": a duration like "3600s" expected.');
  }
  return Number(text);
}
