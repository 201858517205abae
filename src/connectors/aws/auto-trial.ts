import { withSubject } from '../../core/errors.ts';
import type { LoginResult, Machine, Proposal } from '../contract.ts';
import { checkedConfig } from '../fields/checked-config.ts';
import type { Draft } from './auto-drafts.ts';
import type { AwsCloud, AwsScope } from './cloud.ts';

export interface Trial {
  readonly cloud: AwsCloud;
  readonly machine: Machine;
  readonly signal: AbortSignal;
  /** Where it was found. */
  readonly origin: string;
  /** Will it be asked for narrowed credentials? */
  readonly narrowed: boolean;
  /** A sign-in was renewed on the way. */
  readonly keep: (login: LoginResult) => Promise<void>;
}

/** Nothing at all: a trial's credential is thrown away. */
const NOTHING: AwsScope = { groups: [] };

/**
 * Issues one credential, as short-lived and as narrow as the method allows, so that what is proposed
 * is known to work. Throws what the issue throws, naming where the source was found.
 */
export async function tryOut(draft: Draft, trial: Trial): Promise<Proposal> {
  const { method, secret } = draft;
  const given = withoutUndefined(draft.config);
  const config = checkedConfig(draft.method, given);
  let { login } = draft;
  if (draft.trial === 'issue') {
    const { cloud, machine, signal, origin } = trial;
    try {
      await method.issue({
        connector: {
          name: 'auto-configure',
          config,
          secret,
          login: login?.fields,
          expiresAt: draft.expiresAt,
        },
        config,
        scope:
          (trial.narrowed || needsScope(draft)) && method.narrows(config) ? NOTHING : undefined,
        seconds: (method.lifetimeOf?.(config) ?? method.lifetime)?.min ?? 0,
        cloud,
        machine,
        signal,
        async saveLogin(renewed) {
          login = renewed;
          await trial.keep(renewed);
        },
      });
    } catch (error) {
      signal.throwIfAborted();
      throw withSubject(error, origin);
    }
  }
  return {
    method: method.kind,
    config: given,
    secret,
    login,
    expiresAt: draft.expiresAt,
    origin: trial.origin,
    notes: draft.notes,
  };
}

/** A federated user without a policy may do nothing, so that its method refuses to issue. */
function needsScope({ method }: Draft): boolean {
  return method.kind === 'federation-token';
}

function withoutUndefined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
