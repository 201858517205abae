import type { Accounts } from './accounts.ts';
import { decodeJwt, signatureFits } from './jwt.ts';
import { textOf } from './json.ts';
import type { JsonObject } from './json.ts';
import type { Principal } from './principals.ts';

/** Google's longest assertion, and how far two clocks may differ; seconds. */
const MAX_LIFETIME_SECONDS = 3600;
const MAX_SKEW_SECONDS = 300;

export interface Assertion {
  readonly principal: Extract<Principal, { kind: 'service-account' }>;
  readonly claims: JsonObject;
}

/** What is wrong with a JWT that a service account should have signed. */
export type AssertionProblem =
  | 'malformed'
  | 'wrong-algorithm'
  | 'unknown-account'
  | 'disabled'
  | 'wrong-signature'
  | 'wrong-time';

/** RS256 by a live key of the account in `iss`, issued now and for at most an hour. */
export function verifyAssertion(
  token: string,
  accounts: Accounts,
  now: number,
): Assertion | AssertionProblem {
  const jwt = decodeJwt(token);
  if (jwt === undefined) return 'malformed';
  if (jwt.header['alg'] !== 'RS256') return 'wrong-algorithm';
  const account = accounts.findAccount(textOf(jwt.claims, 'iss') ?? '');
  if (account === undefined) return 'unknown-account';
  if (account.disabled) return 'disabled';
  const kid = textOf(jwt.header, 'kid');
  const { managed } = account;
  const own = kid === managed.keyId ? managed.pair().publicKey : undefined;
  // Without a key id Google tries every key of the account.
  const named = own ?? account.keys.get(kid ?? '');
  const candidates = kid === undefined ? [...account.keys.values()] : [named];
  const fits = candidates.some((key) => key !== undefined && signatureFits(jwt, key));
  if (!fits) return 'wrong-signature';
  if (!timely(jwt.claims, now)) return 'wrong-time';
  return { principal: account.principal, claims: jwt.claims };
}

function timely({ iat, exp }: JsonObject, now: number): boolean {
  if (!Number.isInteger(iat) || !Number.isInteger(exp)) return false;
  const [issued, end, seconds] = [Number(iat), Number(exp), now / 1000];
  return (
    end > issued &&
    end - issued <= MAX_LIFETIME_SECONDS &&
    issued <= seconds + MAX_SKEW_SECONDS &&
    end >= seconds - MAX_SKEW_SECONDS
  );
}
