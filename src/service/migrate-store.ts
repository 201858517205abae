import { lookup } from '../connectors/input.ts';
import type { StoreMoved } from '../control/api.ts';
import type { Checked } from '../control/schema.ts';
import { ValetkeyError } from '../core/errors.ts';
import type { SecretStore } from '../stores/contract.ts';
import { STORES } from '../stores/index.ts';
import { migrate } from '../stores/migrate.ts';
import type { Service } from './context.ts';

/** Moves every secret from one store to another, verified before anything is deleted. */
export async function migrateStore(
  service: Service,
  { from, to, keep }: Checked['migrateStore'],
): Promise<StoreMoved> {
  if (from === to) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'to',
      reason: 'it is the store to move from',
    });
  }
  if (to === 'memory') {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'to',
      reason: 'memory is gone with the process that moved the secrets there',
      hint: 'choose a store that keeps them',
    });
  }
  const source = await openNamed(service, from, 'from');
  const target = await openNamed(service, to, 'to');
  const moved = await service.lock(() => migrate(source, target, { keep }));
  return { moved, from: source.location, to: target.location };
}

/** The store in use is the one already open; any other is opened with the same options. */
async function openNamed(service: Service, kind: string, field: string): Promise<SecretStore> {
  if (kind === service.store.kind) return service.store;
  const definition = await lookup(STORES, kind, field)();
  return definition.open(service.storeOptions);
}
