import type { World } from '../world.ts';
import type { DelegationKeys } from './delegation-key.ts';
import type { BlobStore } from './store.ts';

/** What the blob service looks at, beside the rest. */
export interface BlobWorld extends World {
  readonly store: BlobStore;
  readonly delegationKeys: DelegationKeys;
  /** Whether callers are held to come by TLS: a SAS may want that. */
  readonly secure: boolean;
}
