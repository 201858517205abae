import type { Credential, ResourceRequest } from '../core/credential.ts';
import type { Secret } from '../core/secret.ts';

/* A credential in our own hands: to look at what it reaches, and to sign. */

export interface ProbeInput<Cloud> {
  readonly cloud: Cloud;
  readonly credential: Credential;
  readonly config: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  /**
   * A token of the same connector for another scope, where one service tells what another one has.
   * Throws `SCOPE_NOT_GRANTED` when the connector is not for it.
   */
  readonly tokenFor?: ((scope: string) => Promise<Credential>) | undefined;
}

/** A signature that is asked for: what it lets its holder do, and how long. */
export interface SignInput<Cloud> extends ProbeInput<Cloud> {
  /** What it is for, as `target` gives it or as a person writes it. */
  readonly id: string;
  /** Letters of the service, in any order. */
  readonly permissions: string;
  readonly seconds: number;
  /** Ms since the epoch. */
  readonly now: number;
  /** An address, or two with a dash between them, that it may be used from; absent: any. */
  readonly ip?: string | undefined;
  readonly httpsOnly: boolean;
}

/** Signed access to a single resource (Azure: shared access signatures). */
export interface SasSpec<Cloud> {
  /**
   * What a person wrote: its canonical form, and the resource that a credential is needed for. Pure;
   * throws `INPUT_INVALID` (subject `resource_id`).
   */
  target(
    id: string,
    config: Readonly<Record<string, unknown>>,
  ): { readonly id: string; readonly resource: ResourceRequest };
  /** Throws `INPUT_INVALID` for what could never be signed, before anybody is asked. Pure. */
  check(input: Omit<SignInput<unknown>, 'cloud' | 'credential'>): void;
  sign(input: SignInput<Cloud>): Promise<{
    /** Names it without telling it. */
    readonly id: string;
    /** The query of a URL; whoever has it needs nothing else. */
    readonly query: Secret;
    /** In the service's order. */
    readonly permissions: string;
    /** Ms since the epoch. */
    readonly expiresAt: number;
  }>;
}
