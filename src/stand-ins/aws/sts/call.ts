import type { AccessKey, Accounts } from '../accounts.ts';
import { addMfa, principalContext } from '../principals.ts';
import { refusal } from '../refusal.ts';
import type { XmlElements } from '../xml.ts';
import type { Demands, Parameters } from './parameters.ts';

/** A call whose parameters are valid; `now` in ms since the epoch. */
export interface UnsignedCall {
  readonly parameters: Parameters;
  readonly accounts: Accounts;
  readonly now: number;
}

/** A call that carried a good signature of `key`. */
export interface SignedCall extends UnsignedCall {
  readonly key: AccessKey;
}

export type StsAction = Demands &
  (
    | { readonly signed: true; run(call: SignedCall): XmlElements | Promise<XmlElements> }
    | { readonly signed: false; run(call: UnsignedCall): XmlElements | Promise<XmlElements> }
  );

/** The caller's condition keys, with what this call's own MFA code adds. */
export function callContext(call: SignedCall): Map<string, readonly string[]> {
  const { principal, issuedAt, sessionToken } = call.key;
  const temporary = sessionToken !== undefined;
  const context = principalContext(principal, call.now, temporary ? issuedAt : undefined);
  if (checkMfa(call)) addMfa(context, call.now, call.now);
  return context;
}

/** True when a code was given and is right; throws AccessDenied (403) when it is wrong or used up. */
export function checkMfa(call: SignedCall): boolean {
  const serial = call.parameters.text('SerialNumber');
  const code = call.parameters.text('TokenCode');
  if (serial === undefined && code === undefined) return false;
  const failed = 'MultiFactorAuthentication failed';
  if (serial === undefined || code === undefined) {
    throw denied(`${failed}, must provide both MFA serial number and one time pass code.`);
  }
  const { principal } = call.key;
  const device = principal.kind === 'user' ? principal.user.mfa : undefined;
  if (device?.serial !== serial) {
    throw denied(
      `${failed}, unable to validate MFA code. Please verify your MFA serial number is valid and associated with this user.`,
    );
  }
  if (!device.accept(code)) {
    throw denied(`${failed} with invalid MFA one time pass code. `);
  }
  return true;
}

export function denied(message: string): Error {
  return refusal('AccessDenied', 403, message);
}

export function secondsOf(parameters: Parameters, otherwise: number): number {
  return Number(parameters.text('DurationSeconds') ?? otherwise);
}
