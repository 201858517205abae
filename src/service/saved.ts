import type { ConnectorRecord } from '../catalog/record.ts';
import { ValetkeyError } from '../core/errors.ts';
import type { ConnectorName, SecretId } from '../core/ids.ts';
import { secretIdOf } from '../core/ids.ts';
import type { Service } from './context.ts';

/* What a command finds saved before it writes, and what it takes back when it fails. */

/** The item that holds a record's own secret. */
export function itemOf(record: ConnectorRecord): SecretId {
  return record.secret ?? secretIdOf(record.name);
}

export async function refuseTaken({ catalog }: Service, name: ConnectorName): Promise<void> {
  const names = (await catalog.list()).map((entry) => entry.name);
  if (!names.includes(name)) return;
  throw new ValetkeyError('NAME_TAKEN', {
    subject: name,
    hint: `choose another name, or change it with: valetkey connector update ${name}`,
  });
}

/** Whoever wrote it, a command or a person with an editor: nobody's change is lost. */
export async function refuseChanged({ catalog }: Service, seen: ConnectorRecord): Promise<void> {
  const now = await catalog.get(seen.name);
  if (JSON.stringify(now) === JSON.stringify(seen)) return;
  throw new ValetkeyError('BUSY', {
    subject: seen.name,
    reason: 'it was changed by somebody else meanwhile',
    hint: 'look at it again, then repeat the command',
  });
}

export function refuseInUse(service: Service, name: ConnectorName): void {
  const users = Object.entries(service.config().workloads).flatMap(([workload, config]) =>
    config?.grants.some(({ connector }) => connector === name) === true ? [workload] : [],
  );
  if (users.length === 0) return;
  throw new ValetkeyError('IN_USE', {
    subject: name,
    reason: `granted to: ${users.join(', ')}`,
    hint: 'take its grants out of config.yaml first',
  });
}

/**
 * Writes secrets and then the record. When that fails, the secrets that no record points to are taken
 * back, as far as the store lets us; a record that is there all the same keeps them.
 */
export async function writeWhole(
  { catalog, store }: Service,
  record: ConnectorRecord,
  items: readonly SecretId[],
  write: () => Promise<void>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    const isSaved = await catalog.list().then(
      (entries) =>
        entries.some(({ name, record: found }) => name === record.name && pointsTo(found)),
      () => true, // nobody knows
    );
    for (const item of isSaved ? [] : items) await store.delete(item).catch(() => false);
    throw error;
  }

  function pointsTo(found: ConnectorRecord | undefined): boolean {
    return found === undefined || (found.id === record.id && itemOf(found) === itemOf(record));
  }
}
