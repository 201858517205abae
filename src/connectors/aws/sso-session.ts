import { ValetkeyError } from '../../core/errors.ts';
import { secret } from '../../core/secret.ts';
import type { Machine } from '../contract.ts';
import type { AwsCloud, SsoToken } from './cloud.ts';
import type { TimedKeys } from './credential-document.ts';
import { RENEW_WITHIN_MS } from './sso-renewal.ts';

export interface SsoAsk {
  readonly cloud: Pick<AwsCloud, 'sso'>;
  readonly machine: Machine;
  readonly signal: AbortSignal;
  readonly permissionSet: {
    readonly region: string;
    readonly accountId: string;
    readonly roleName: string;
  };
  /** `undefined`: nobody has signed in. */
  readonly token: SsoToken | undefined;
  /** Keeps a renewed token. */
  readonly keep: (token: SsoToken) => Promise<void>;
  /** The command that signs in. */
  readonly hint: string;
}

/** Keys of a permission set. Throws `LOGIN_REQUIRED` when the sign-in has ended. */
export async function ssoKeys(ask: SsoAsk): Promise<TimedKeys> {
  const { cloud, signal, permissionSet, token, hint } = ask;
  if (token === undefined) throw new ValetkeyError('LOGIN_REQUIRED', { hint });
  try {
    const { accessToken } = await live(token, ask);
    const found = await cloud.sso.roleCredentials({ ...permissionSet, accessToken }, signal);
    return {
      keys: {
        accessKeyId: found.accessKeyId,
        secretAccessKey: secret(found.secretAccessKey),
        sessionToken: secret(found.sessionToken),
      },
      expiresAt: found.expiresAt,
    };
  } catch (error) {
    if (!(error instanceof ValetkeyError) || error.code !== 'LOGIN_REQUIRED') throw error;
    throw new ValetkeyError('LOGIN_REQUIRED', {
      reason: 'the sign-in at IAM Identity Center has ended',
      hint,
      cause: error,
      ...(error.upstreamCode === undefined ? {} : { upstreamCode: error.upstreamCode }),
    });
  }
}

/** The token, renewed when it is about to end; one that cannot be renewed serves to its end. */
async function live(token: SsoToken, ask: SsoAsk): Promise<SsoToken> {
  const left = token.expiresAt - ask.machine.clock.now();
  if (left > RENEW_WITHIN_MS) return token;
  let renewed: SsoToken;
  try {
    renewed = await ask.cloud.sso.refresh(token, ask.permissionSet.region, ask.signal);
  } catch (error) {
    ask.signal.throwIfAborted();
    if (left > 0) return token;
    throw error;
  }
  try {
    await ask.keep(renewed);
  } catch {
    // `cloud.sso` remembers it and hands it out again, so the next issue tries to keep it again. A
    // store that is locked for the moment must not cost a credential that can be had.
  }
  return renewed;
}
