import type { Accounts } from './accounts.ts';
import type { GoogleKeys } from './google-keys.ts';
import type { Pools } from './pools.ts';
import type { Buckets } from './storage/buckets.ts';
import type { Tokens } from './tokens.ts';

/** Everything the services look at. */
export interface World {
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  readonly googleKeys: GoogleKeys;
  readonly pools: Pools;
  readonly buckets: Buckets;
  /** The stand-in's own base URL, without a slash at the end. */
  url(): string;
}
