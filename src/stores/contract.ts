import type { Clock } from '../core/clock.ts';
import type { SecretId } from '../core/ids.ts';
import type { Secret } from '../core/secret.ts';

/** One item: a connector's secret fields by name (`aws_secret_access_key` → value). */
export type SecretFields = Readonly<Record<string, Secret>>;

/**
 * A place for secrets.
 *
 * Duties of an implementer:
 * - `get` returns `undefined` only when the store is open and has no such item. Locked, unreachable
 *   and corrupt are thrown (`STORE_LOCKED`, `STORE_UNREACHABLE`, `STORE_CORRUPT`), each with a hint;
 *   there is no fall-back to another place (invariant 10).
 * - `set` replaces the whole item, durably and atomically: after a crash the old or the new item is
 *   there, whole. A read-only store throws `STORE_READ_ONLY` from `set` and `delete`.
 * - A write that returns has been written: disk full and the like throw `STORE_WRITE_FAILED` and
 *   leave every stored item as it was.
 * - Two processes may use the store at once; neither loses the other's items.
 * - No value reaches an error, a log, a process title or argv.
 */
export interface SecretStore {
  readonly kind: string;
  readonly writable: boolean;
  /** Where the items are, for people (`Secret Service`, a file's path). */
  readonly location: string;
  get(id: SecretId): Promise<SecretFields | undefined>;
  set(id: SecretId, fields: SecretFields): Promise<void>;
  /** True when there was an item. */
  delete(id: SecretId): Promise<boolean>;
  list(): Promise<readonly SecretId[]>;
  /** Throws what `get` would throw if the store is locked, unreachable or corrupt. */
  check(): Promise<void>;
}

/** What a store may need to open; each store takes its own part. */
export interface StoreOptions {
  /** Folder for files that valetkey keeps (`<VALETKEY_HOME>/secrets`); created 0700 by who needs it. */
  readonly directory: string;
  /** `mounted-files`: the mounted folder. */
  readonly mount?: string | undefined;
  /** `encrypted-file`: a file holding the passphrase, or an age identity (`AGE-SECRET-KEY-1…`); mode 0600 or 0400. */
  readonly keyFile?: string | undefined;
  /** `encrypted-file`: asks a person for the passphrase; absent where nobody can be asked. */
  readonly askPassphrase?: (() => Promise<Secret>) | undefined;
  /** `keychain`: the service attribute under which items are kept. */
  readonly service: string;
  /** Bounds waits (for a lock, for a person at an unlock prompt); the machine's own unless given. */
  readonly clock?: Clock | undefined;
}

export interface StoreDefinition {
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  /** Opens without touching items where it can; a wrong option throws here, a locked store on use. */
  open(options: StoreOptions): Promise<SecretStore>;
}

export function defineStore(definition: StoreDefinition): StoreDefinition {
  return definition;
}
