import { verifyAssertion } from '../assertion.ts';
import type { Assertion, AssertionProblem } from '../assertion.ts';
import type { Form } from '../form.ts';
import { textOf } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { nameOf } from '../principals.ts';
import type { Principal } from '../principals.ts';
import { oauthRefusal } from '../refusal.ts';
import type { Refusal } from '../refusal.ts';
import { parseScopes } from '../scopes.ts';
import type { Visit } from '../service.ts';
import type { World } from '../world.ts';
import { ACCESS_TOKEN_SECONDS } from './lifetime.ts';

/** The audience production clients write. */
const TOKEN_URI = 'https://oauth2.googleapis.com/token';

/** RFC 7523, as Google narrows it: https://developers.google.com/identity/protocols/oauth2/service-account */
export function jwtBearer(world: World, form: Form, visit: Visit): JsonObject {
  const verified = verifyAssertion(form.require('assertion'), world.accounts, visit.now);
  if (typeof verified === 'string') throw problemRefusal(verified);
  const { principal, claims } = verified;
  visit.principal = principal.email;
  if (claims['aud'] !== TOKEN_URI && claims['aud'] !== `${world.url()}/token`) {
    throw invalidGrant(`Invalid JWT: Failed audience check. The right audience is ${TOKEN_URI}`);
  }
  const scope = textOf(claims, 'scope');
  const audience = claims['target_audience'];
  // Either, never both: googleapis/signet pull 168, "responds with a 400 if you send them both".
  if ((scope === undefined || scope === '') === (audience === undefined)) throw invalidScope();
  if (audience !== undefined) return identityToken(world, verified, audience, visit);
  const scopes = parseScopes(scope ?? '');
  if (scopes === undefined) throw invalidScope();
  visit.scopes = scopes;
  const speaker = speakerOf(world, verified, scopes);
  visit.principal = nameOf(speaker);
  const issued = world.tokens.issue({
    principal: speaker,
    scopes,
    via: 'oauth2:jwt-bearer',
    clientId: principal.uniqueId,
    expiresAt: visit.now + ACCESS_TOKEN_SECONDS * 1000,
  });
  return {
    access_token: issued.token,
    expires_in: ACCESS_TOKEN_SECONDS,
    token_type: 'Bearer',
  };
}

function identityToken(
  world: World,
  { principal, claims }: Assertion,
  audience: unknown,
  visit: Visit,
): JsonObject {
  if (typeof audience !== 'string' || audience === '') throw invalidScope();
  if (!ownSubject(principal, claims)) throw notDelegated();
  visit.target = audience;
  const { email, uniqueId } = principal;
  const identity = { audience, authorizedParty: email, subject: uniqueId, email };
  return { id_token: world.googleKeys.identityToken(identity, visit.now) };
}

/** `sub` = somebody else needs domain-wide delegation of every scope asked for. */
function speakerOf(
  world: World,
  { principal, claims }: Assertion,
  scopes: readonly string[],
): Principal {
  if (ownSubject(principal, claims)) return principal;
  const allowed = world.accounts.delegated(principal.uniqueId);
  if (!scopes.every((scope) => allowed.includes(scope))) throw notDelegated();
  const user = world.accounts.findUser(textOf(claims, 'sub') ?? '');
  if (user === undefined) throw invalidGrant('Invalid email or User ID');
  return user;
}

function ownSubject(principal: Assertion['principal'], { sub }: JsonObject): boolean {
  return sub === undefined || sub === principal.email || sub === principal.uniqueId;
}

function problemRefusal(problem: AssertionProblem): Refusal {
  return invalidGrant(PROBLEMS[problem]);
}

const PROBLEMS: Readonly<Record<AssertionProblem, string>> = {
  malformed: 'Invalid JWT: Assertion is not a valid JWT.',
  'wrong-algorithm': 'Invalid JWT Signature.',
  'unknown-account': 'Invalid grant: account not found',
  disabled: 'Invalid grant: account is disabled',
  'wrong-signature': 'Invalid JWT Signature.',
  'wrong-time':
    'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
};

function invalidGrant(message: string): Refusal {
  return oauthRefusal(400, 'invalid_grant', message);
}

function invalidScope(): Refusal {
  const text = 'Invalid OAuth scope or ID token audience provided.';
  return oauthRefusal(400, 'invalid_scope', text);
}

function notDelegated(): Refusal {
  const text =
    'Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.';
  return oauthRefusal(401, 'unauthorized_client', text);
}
