import { ValetkeyError } from '../../core/errors.ts';
import { CLOUD_SCOPES, WIDER } from './scope-table.ts';

/*
 * OAuth scopes: which a client may ask for when its grant has others.
 * https://developers.google.com/identity/protocols/oauth2/scopes
 */

const PREFIX = 'https://www.googleapis.com/auth/';

export const CLOUD_PLATFORM = `${PREFIX}cloud-platform`;
/** Google's own tools ask for both, so that APIs know the e-mail and not only the number of the account. */
export const DEFAULT_SCOPES: readonly string[] = [CLOUD_PLATFORM, `${PREFIX}userinfo.email`];

/** They tell who the account is, which its metadata does anyway; any grant has them. */
const IDENTITY = ['openid', 'email', `${PREFIX}userinfo.email`];
/** Two names of one thing. https://developers.google.com/identity/openid-connect/openid-connect#scope-param */
const PROFILE = ['profile', `${PREFIX}userinfo.profile`];
const WORDS = new Set([...IDENTITY, ...PROFILE].filter((scope) => !scope.includes('/')));

const SCOPE_MAX = 256; // characters; Google's longest have about 80

/**
 * A scope as it is sent: a whole URL, or one of OpenID's short words. Throws `INPUT_INVALID` with
 * `subject`. Characters: https://www.rfc-editor.org/rfc/rfc6749#section-3.3, and no comma, which
 * separates scopes in requests to a metadata service.
 */
export function parseScope(text: string, subject = 'scopes'): string {
  const legal = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/.test(text) && text.length <= SCOPE_MAX;
  if (legal && (WORDS.has(text) || /^https:\/\/[a-z0-9.-]+\//.test(text))) return text;
  throw new ValetkeyError('INPUT_INVALID', {
    subject,
    reason: legal
      ? `‘${text}’ is not a whole scope`
      : 'a scope has no spaces, commas, quotes or control characters',
    hint: `write it as Google lists it, such as ${CLOUD_PLATFORM}`,
  });
}

/** May a client ask for `asked` when its grant has `granted`? */
export function covers(granted: readonly string[], asked: string): boolean {
  return impliedScopes(granted).includes(asked);
}

/**
 * Every scope that allows nothing beyond `granted`: these, what `cloud-platform` and other wide ones
 * include, and the words that tell who the account is. Sorted.
 */
export function impliedScopes(granted: readonly string[]): readonly string[] {
  const all = new Set([...granted, ...IDENTITY]);
  // A set's iteration goes on to what is added meanwhile.
  for (const scope of all) for (const implied of narrower(scope)) all.add(implied);
  return [...all].sort();
}

function narrower(scope: string): readonly string[] {
  if (scope === CLOUD_PLATFORM) return CLOUD_SCOPES.map((name) => PREFIX + name);
  if (PROFILE.includes(scope)) return PROFILE;
  if (!scope.startsWith(PREFIX) || IDENTITY.includes(scope)) return [];
  const name = scope.slice(PREFIX.length);
  const listed = Object.hasOwn(WIDER, name) ? (WIDER[name] ?? []) : [];
  if (CLOUD_SCOPES.includes(name) || name.endsWith('.readonly')) {
    return listed.map((other) => PREFIX + other);
  }
  // Outside the cloud (drive, spreadsheets, …) one rule holds throughout.
  return [`${scope}.readonly`];
}
