import type { AuthMethod } from '../connectors/contract.ts';
import { secretIdOf } from '../core/ids.ts';
import type { ConnectorName } from '../core/ids.ts';
import type { Secret } from '../core/secret.ts';
import type { Service } from './context.ts';
import type { Draft } from './register.ts';

/** The fields of a method that others have put into a read-only store, to be checked like given ones. */
export async function mounted(
  service: Service,
  method: AuthMethod,
  name: ConnectorName,
): Promise<Readonly<Record<string, string>>> {
  const stored = (await service.store.get(secretIdOf(name))) ?? {};
  return Object.fromEntries(
    Object.entries(stored)
      .filter(([field]) => field in method.secret.shape)
      .map(([field, value]) => [field, value.reveal()]),
  );
}

/** A read-only store's secrets are put there by others; a record may be registered for them. */
export async function mountedOr(
  service: Service,
  draft: Draft,
): Promise<Readonly<Record<string, Secret>>> {
  if (service.store.writable || Object.keys(draft.secret).length > 0) return draft.secret;
  return (await service.store.get(secretIdOf(draft.record.name))) ?? {};
}
