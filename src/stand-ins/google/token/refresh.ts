import { timingSafeEqual } from 'node:crypto';
import type { Consent, OAuthClient } from '../accounts.ts';
import type { Form } from '../form.ts';
import type { JsonObject } from '../json.ts';
import { oauthRefusal } from '../refusal.ts';
import type { GoogleRequest } from '../request.ts';
import { parseScopes } from '../scopes.ts';
import type { Visit } from '../service.ts';
import type { World } from '../world.ts';
import { ACCESS_TOKEN_SECONDS } from './lifetime.ts';

/** https://developers.google.com/identity/protocols/oauth2/web-server#offline */
export function refresh(
  world: World,
  form: Form,
  visit: Visit,
  request: GoogleRequest,
): JsonObject {
  const client = clientOf(world, form, request);
  const consent = world.accounts.findConsent(form.require('refresh_token'));
  if (consent === undefined) throw oauthRefusal(400, 'invalid_grant', 'Bad Request');
  if (consent.client.clientId !== client.clientId) {
    throw oauthRefusal(401, 'unauthorized_client', 'Unauthorized');
  }
  visit.principal = consent.principal.email;
  if (consent.revoked) {
    throw oauthRefusal(400, 'invalid_grant', 'Token has been expired or revoked.');
  }
  if (consent.reauth) {
    throw oauthRefusal(400, 'invalid_grant', 'reauth related error (invalid_rapt)', {
      error_uri: 'https://support.google.com/a/answer/9368756',
      error_subtype: 'invalid_rapt',
    });
  }
  const scopes = scopesOf(consent, form.get('scope'));
  visit.scopes = scopes;
  const issued = world.tokens.issue({
    principal: consent.principal,
    scopes,
    via: 'oauth2:refresh-token',
    clientId: client.clientId,
    expiresAt: visit.now + ACCESS_TOKEN_SECONDS * 1000,
  });
  return {
    access_token: issued.token,
    expires_in: ACCESS_TOKEN_SECONDS,
    scope: scopes.join(' '),
    token_type: 'Bearer',
    ...(scopes.includes('openid') ? { id_token: identityToken(world, consent, visit) } : {}),
  };
}

/** Narrower than consented is fine, wider is not. RFC 6749 section 6. */
function scopesOf(consent: Consent, wanted: string | undefined): readonly string[] {
  if (wanted === undefined) return consent.scopes;
  const scopes = parseScopes(wanted);
  if (scopes?.every((scope) => consent.scopes.includes(scope)) !== true) {
    throw oauthRefusal(400, 'invalid_scope', 'Bad Request');
  }
  return scopes;
}

/** The audience is the client that asks, never one of the caller's choice. */
function identityToken(world: World, { principal, client, scopes }: Consent, visit: Visit): string {
  const withEmail = scopes.includes('https://www.googleapis.com/auth/userinfo.email');
  return world.googleKeys.identityToken(
    {
      audience: client.clientId,
      authorizedParty: client.clientId,
      subject: principal.uniqueId,
      email: withEmail ? principal.email : undefined,
    },
    visit.now,
  );
}

/** In the body or as HTTP Basic. RFC 6749 section 2.3.1. */
function clientOf(world: World, form: Form, request: GoogleRequest): OAuthClient {
  const basic = /^Basic ([\w+/=-]+)$/.exec(request.headers.get('authorization') ?? '');
  const [user, password] = Buffer.from(basic?.[1] ?? '', 'base64')
    .toString('utf8')
    .split(':');
  const id = basic === null ? form.get('client_id') : user;
  const secret = basic === null ? form.get('client_secret') : password;
  if (id === undefined) {
    throw oauthRefusal(400, 'invalid_request', 'Could not determine client ID from request.');
  }
  const client = world.accounts.findClient(id);
  if (client === undefined) {
    throw oauthRefusal(401, 'invalid_client', 'The OAuth client was not found.');
  }
  if (!same(client.clientSecret, secret ?? '')) {
    throw oauthRefusal(401, 'invalid_client', 'Unauthorized');
  }
  return client;
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
