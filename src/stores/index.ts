import type { SecretStore, StoreDefinition, StoreOptions } from './contract.ts';

/**
 * Every kind of secret store. A store's module, and with it the keychain's addon or the encryption
 * library, is loaded when that store is first asked for.
 */
export const STORES = {
  keychain: async () => (await import('./keychain.ts')).default,
  'encrypted-file': async () => (await import('./encrypted-file.ts')).default,
  'mounted-files': async () => (await import('./mounted-files.ts')).default,
  memory: async () => (await import('./memory.ts')).default,
} satisfies Record<string, () => Promise<StoreDefinition>>;

export type StoreKind = keyof typeof STORES;

export function isStoreKind(kind: string): kind is StoreKind {
  return Object.hasOwn(STORES, kind);
}

export const STORE_KINDS: readonly StoreKind[] = Object.keys(STORES).filter(isStoreKind);

export async function openStore(kind: StoreKind, options: StoreOptions): Promise<SecretStore> {
  const definition = await STORES[kind]();
  return definition.open(options);
}
