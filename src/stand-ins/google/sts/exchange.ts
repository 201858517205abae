import { invalidRequest } from '../form.ts';
import type { Form } from '../form.ts';
import type { JsonObject } from '../json.ts';
import { mapPrincipal } from '../pools.ts';
import { nameOf } from '../principals.ts';
import type { Provider } from '../pools.ts';
import { oauthRefusal } from '../refusal.ts';
import { parseScopes } from '../scopes.ts';
import type { Visit } from '../service.ts';
import type { World } from '../world.ts';
import { awsClaims } from './aws-request.ts';
import { idTokenClaims } from './id-token.ts';

/** Seconds a federated token lives. */
const FEDERATED_SECONDS = 3599;

const AUDIENCE =
  /^\/\/iam\.googleapis\.com\/projects\/\d+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]{4,32}\/providers\/[a-z0-9-]{4,32}$/;

type ClaimsOf = (
  provider: Provider,
  token: string,
  now: number,
) => Promise<JsonObject> | JsonObject;

/** Subject token types, with how each is proven. */
const SUBJECTS: Readonly<
  Record<string, { readonly of: 'oidc' | 'aws'; readonly claims: ClaimsOf }>
> = {
  'urn:ietf:params:oauth:token-type:jwt': { of: 'oidc', claims: idTokenClaims },
  'urn:ietf:params:oauth:token-type:id_token': { of: 'oidc', claims: idTokenClaims },
  'urn:ietf:params:aws:token-type:aws4_request': { of: 'aws', claims: awsClaims },
};

/** Somebody else's credential for a federated token. https://cloud.google.com/iam/docs/workload-identity-federation */
export async function exchange(
  world: World,
  form: Form,
  subject: { readonly type: string; readonly token: string },
  visit: Visit,
): Promise<JsonObject> {
  const audience = form.require('audience');
  visit.target = audience;
  if (!AUDIENCE.test(audience)) {
    throw invalidRequest(
      'Invalid value for "audience". This value should be the full resource name of the Identity Provider. See https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token for the list of possible formats.',
    );
  }
  const scopes = parseScopes(form.require('scope'));
  if (scopes === undefined)
    throw oauthRefusal(400, 'invalid_scope', 'Invalid OAuth scope provided.');
  visit.scopes = scopes;
  checkOptions(form.get('options'));
  const provider = world.pools.findProvider(audience);
  if (provider === undefined) {
    throw oauthRefusal(
      400,
      'invalid_target',
      'The target service indicated by the "audience" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn\'t exist.',
    );
  }
  const kind = SUBJECTS[subject.type];
  if (kind === undefined || provider[kind.of] === undefined) {
    throw invalidRequest(`Invalid value for "subject_token_type": ${subject.type}.`);
  }
  const claims = await kind.claims(provider, subject.token, visit.now);
  if (provider.condition?.(claims) === false) {
    const text = 'The given credential is rejected by the attribute condition.';
    throw oauthRefusal(400, 'unauthorized_client', text);
  }
  const principal = mapPrincipal(provider, claims);
  if (principal === undefined) {
    const text = 'Could not obtain a value for google.subject from the given credential.';
    throw oauthRefusal(400, 'invalid_grant', text);
  }
  visit.principal = nameOf(principal);
  const issued = world.tokens.issue({
    principal,
    scopes,
    via: 'sts:exchange',
    expiresAt: visit.now + FEDERATED_SECONDS * 1000,
  });
  return {
    access_token: issued.token,
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: 'Bearer',
    expires_in: FEDERATED_SECONDS,
  };
}

/** A boundary needs a second exchange, of the token that this one gives. */
function checkOptions(options: string | undefined): void {
  if (options === undefined) return;
  try {
    const value: unknown = JSON.parse(options);
    if (typeof value === 'object' && value !== null && !('accessBoundary' in value)) return;
  } catch {
    // falls through: no JSON is refused too
  }
  throw invalidRequest('Invalid value for "options".');
}
