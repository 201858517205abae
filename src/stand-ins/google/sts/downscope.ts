import { decodeJwt } from '../jwt.ts';
import type { Form } from '../form.ts';
import { invalidRequest } from '../form.ts';
import type { JsonObject } from '../json.ts';
import { nameOf } from '../principals.ts';
import { oauthRefusal } from '../refusal.ts';
import { CLOUD_PLATFORM } from '../scopes.ts';
import type { Visit } from '../service.ts';
import type { World } from '../world.ts';
import { readBoundary } from './boundary.ts';

/**
 * An access token for a narrower one.
 * https://cloud.google.com/iam/docs/downscoping-short-lived-credentials#exchange-credential-oauth
 */
export function downscope(world: World, form: Form, token: string, visit: Visit): JsonObject {
  for (const name of ['audience', 'scope', 'resource', 'actor_token']) {
    if (form.get(name) !== undefined) {
      throw invalidRequest(`"${name}" must not be set with an access token as subject.`);
    }
  }
  const boundary = readBoundary(form.require('options'));
  // A self-signed JWT is a bearer for some services, but nothing that Google issued.
  if (decodeJwt(token) !== undefined) throw invalidGrant('Invalid subject token.');
  const source = world.tokens.live(token, visit.now);
  if (source === undefined || !world.accounts.usable(source.principal)) {
    throw invalidGrant('Invalid subject token.');
  }
  visit.principal = nameOf(source.principal);
  visit.scopes = source.scopes;
  visit.target = boundary.map(({ bucket }) => bucket).join(' ');
  if (source.boundary !== undefined) {
    throw invalidGrant('The subject token already has an access boundary.');
  }
  const { principal, scopes, expiresAt } = source;
  // "the cloud-platform scope that token exchange requires": projectnessie/nessie pull 12901.
  if (!scopes.includes(CLOUD_PLATFORM)) {
    throw invalidGrant('The subject token must have the cloud-platform scope.');
  }
  const issued = world.tokens.issue({
    principal,
    scopes,
    expiresAt,
    boundary,
    clientId: source.clientId,
    via: 'sts:downscope',
  });
  return {
    access_token: issued.token,
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: 'Bearer',
    // "absent when the subject_token is a short-lived access token for a Cloud Identity or Google
    // Workspace user account": its end is then that of the subject token. STS reference, expires_in.
    ...(principal.kind === 'user'
      ? {}
      : { expires_in: Math.floor((expiresAt - visit.now) / 1000) }),
  };
}

function invalidGrant(message: string): Error {
  return oauthRefusal(400, 'invalid_grant', message);
}
