import type { AwsSession } from '../../core/credential.ts';
import { ValetkeyError } from '../../core/errors.ts';
import type { Lifetime } from '../contract.ts';
import { keysOf } from './access-key.ts';
import type { AwsCloud, AwsKeys, RoleHop, SessionPolicy, StsPlace } from './cloud.ts';

/** Lifetime of a role's session: seconds. STS API Reference, AssumeRole. */
export const ROLE_SECONDS: Lifetime = { min: 900, default: 3600, max: 43_200 };

/** A role assumed with a session instead of a user's own keys: "role chaining", one hour at most. */
export const CHAINED_SECONDS: Lifetime = { min: 900, default: 3600, max: 3600 };

export interface ChainOptions {
  readonly policy: SessionPolicy | undefined;
  /** Lifetime of the last session. */
  readonly seconds: number;
  readonly place: StsPlace;
  readonly signal: AbortSignal;
}

/**
 * Assumes one role after the other, beginning with `base`. Only the last session is narrowed: a
 * policy on an earlier hop would have to allow the next `sts:AssumeRole`.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
 */
export async function assumeChain(
  cloud: Pick<AwsCloud, 'sts'>,
  base: AwsKeys,
  hops: readonly RoleHop[],
  options: ChainOptions,
): Promise<AwsSession> {
  let keys = base;
  let session: AwsSession | undefined;
  for (const [index, hop] of hops.entries()) {
    const last = index === hops.length - 1;
    const chained = keys.sessionToken !== undefined;
    const input = {
      ...hop,
      // An earlier session lives only as long as it takes to assume the next.
      seconds: last ? atMost(options.seconds, chained) : CHAINED_SECONDS.min,
      policy: last ? options.policy : undefined,
    };
    // Each hop needs the keys of the one before.
    // oxlint-disable-next-line no-await-in-loop
    session = await cloud.sts.assumeRole(keys, input, options.place, options.signal);
    keys = keysOf(session);
  }
  if (session === undefined) throw new ValetkeyError('INTERNAL', { reason: 'no role to assume' });
  return session;
}

function atMost(seconds: number, chained: boolean): number {
  return chained ? Math.min(seconds, CHAINED_SECONDS.max) : seconds;
}
