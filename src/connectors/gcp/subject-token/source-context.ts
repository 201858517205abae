import type { Machine } from '../../contract.ts';
import type { ExternalAccount } from '../external-account.ts';

/** What a source may know beside its own settings. */
export interface SourceContext {
  readonly account: ExternalAccount;
  readonly machine: Machine;
  readonly signal: AbortSignal;
}
