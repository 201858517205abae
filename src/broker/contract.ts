import type { Clock } from '../core/clock.ts';
import type { Issued, IssueRequest } from '../core/credential.ts';
import type { ValetkeyError } from '../core/errors.ts';
import type { Events } from '../core/events.ts';
import type { ConnectorName } from '../core/ids.ts';
import type { RenewalPolicy } from './renewal.ts';

/**
 * Obtains one credential from upstream. The broker calls it once per key however many ask. `unwanted`:
 * what is held and is to be replaced, for an upstream that holds it as well.
 */
export type Issuer = (
  request: IssueRequest,
  signal: AbortSignal,
  unwanted?: Issued,
) => Promise<Issued>;

export interface BrokerOptions {
  readonly issue: Issuer;
  readonly clock: Clock;
  readonly events: Events;
  readonly renewal?: RenewalPolicy;
  /** In [0, 1); `Math.random` when absent. */
  readonly random?: () => number;
  /** Entries kept at most. */
  readonly capacity?: number;
}

/** One live or failing key, for `status`. Times are ms since the epoch. */
export interface BrokerEntry {
  readonly issued: Issued;
  readonly renewsAt: number;
  readonly lastError: ValetkeyError | undefined;
}

export type GetCredential = (
  request: IssueRequest,
  waitMs: number,
  unwanted?: (held: Issued) => boolean,
) => Issued | Promise<Issued>;

export interface Broker {
  /**
   * The credential for a request: at once when one is held, else after one upstream call shared by
   * all who ask. Waits `waitMs` at most and then throws `NOT_READY` while the call goes on. Throws
   * what the last attempt threw while it is too early for the next one. Never returns an expired one.
   * One that is `unwanted` is replaced, unless that was tried a moment ago.
   */
  readonly get: GetCredential;
  /** Forgets what is held for a connector that was changed or deleted; for every one without a name. */
  forget(connector?: ConnectorName): void;
  /** Lets a connector that has failed be asked again at once. */
  forgive(connector: ConnectorName): void;
  entries(): readonly BrokerEntry[];
  /** Ends background renewal and aborts upstream calls. */
  stop(): void;
}
