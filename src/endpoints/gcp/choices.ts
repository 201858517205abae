import type { Answer, CallerAccount, IssueChoice } from '../contract.ts';
import { errorAnswer, NO_AUDIENCE } from './answers.ts';
import type { Parameters } from './target.ts';

/**
 * Longest wait for a cold token, ms. Python, Node and Go leave after 3 to 5 s, and a token that is
 * half a second late would be no use to them. Ruby leaves after 0.5 s but asks three times, by the
 * last of which the same upstream call has mostly ended.
 */
const TOKEN_WAIT_MS = 2_000;

/** Characters. Real audiences are URLs and client ids. */
const MAX_AUDIENCE = 2048;

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** RFC 6749 section 3.3. */
const SCOPE = /^[!#-[\]-~]+$/;

/** Which access token is meant, or why that cannot be told. */
export function tokenChoice(
  { profile }: CallerAccount,
  { scopes = '' }: Parameters,
): IssueChoice | Answer {
  const asked = scopes.split(/[, ]+/).filter((scope) => scope !== '');
  if (asked.some((scope) => !SCOPE.test(scope))) {
    return errorAnswer(400, 'the parameter scopes has a character that no scope has');
  }
  const choice = { kind: 'access-token', profile, waitMs: TOKEN_WAIT_MS } as const;
  return asked.length === 0 ? choice : { ...choice, scopes: asked };
}

/**
 * Which identity token is meant, or why that cannot be told. `licenses` is of no use to us: no
 * image's licences can be told of an instance that is none.
 */
export function identityChoice(
  { profile }: CallerAccount,
  { audience = '', format = '' }: Parameters,
): (IssueChoice & { readonly audience: string }) | Answer {
  if (audience.trim() === '') return NO_AUDIENCE;
  if (audience.length > MAX_AUDIENCE) return errorAnswer(400, 'the audience is too long');
  if (CONTROL.test(audience)) return errorAnswer(400, 'the audience has a control character');
  if (format !== '' && format !== 'standard' && format !== 'full') {
    return errorAnswer(400, 'the parameter format is standard or full');
  }
  return { kind: 'id-token', profile, audience, waitMs: TOKEN_WAIT_MS };
}
