import { isDeepStrictEqual } from 'node:util';

import { toValetkeyError, ValetkeyError } from '../core/errors.ts';
import type { SecretId } from '../core/ids.ts';
import type { SecretFields, SecretStore } from './contract.ts';
import { toPlain } from './item.ts';

export interface MigrateOptions {
  /** Leave the items in the source, too. */
  readonly keep?: boolean;
}

/**
 * Moves every item from one store to another and returns their ids. Each is copied, read back and
 * compared; only when all are there is the first one deleted from the source. Whatever fails on the
 * way, every item is whole in at least one store, and the error says in which. Running it again goes
 * on where it stopped. An item of the same id but another content in the target is `NAME_TAKEN`.
 */
export async function migrate(
  source: SecretStore,
  target: SecretStore,
  { keep = false }: MigrateOptions = {},
): Promise<readonly SecretId[]> {
  refuseReadOnly(target);
  if (!keep) refuseReadOnly(source);
  if (source.kind === target.kind && source.location === target.location) {
    throw new ValetkeyError('INPUT_INVALID', { reason: 'source and target are one store' });
  }
  const items = await readAll(source);
  await refuseConflicts(items, target);

  const copied = new Set<SecretId>();
  const deleted = new Set<SecretId>();
  try {
    for (const [id, fields] of items) {
      await copy(id, fields, target);
      copied.add(id);
    }
    if (keep) return [...items.keys()];
    for (const [id, fields] of items) {
      await remove(id, fields, source);
      deleted.add(id);
    }
    return [...items.keys()];
  } catch (error) {
    throw interrupted(error, {
      [`still in ${source.kind} alone`]: [...items.keys()].filter((id) => !copied.has(id)),
      'in both stores': [...copied].filter((id) => !deleted.has(id)),
      [`in ${target.kind} now`]: [...deleted],
    });
  }
}

async function readAll(store: SecretStore): Promise<ReadonlyMap<SecretId, SecretFields>> {
  const items = new Map<SecretId, SecretFields>();
  for (const id of (await store.list()).toSorted()) {
    const fields = await store.get(id);
    if (fields !== undefined) items.set(id, fields);
  }
  return items;
}

/** Before anything is written: an item that is there already must be a copy from an earlier run. */
async function refuseConflicts(items: ReadonlyMap<SecretId, SecretFields>, target: SecretStore) {
  for (const [id, fields] of items) {
    const there = await target.get(id);
    if (there === undefined || same(there, fields)) continue;
    throw new ValetkeyError('NAME_TAKEN', {
      subject: id,
      reason: `${target.kind} has another secret under this name; nothing was moved`,
      hint: 'delete the one that is not wanted, then run this again',
    });
  }
}

async function copy(id: SecretId, fields: SecretFields, target: SecretStore): Promise<void> {
  await target.set(id, fields);
  if (same(await target.get(id), fields)) return;
  throw new ValetkeyError('STORE_WRITE_FAILED', {
    subject: id,
    reason: `${target.kind} does not give back what it was given`,
    hint: 'the source still has every item; move to another kind of store',
  });
}

/** Deletes the original only while it still is what was copied. */
async function remove(id: SecretId, fields: SecretFields, source: SecretStore): Promise<void> {
  const now = await source.get(id);
  if (now === undefined) return;
  if (!same(now, fields)) {
    throw new ValetkeyError('BUSY', {
      subject: id,
      reason: 'its secret was replaced while it was being moved',
      hint: 'delete its older copy in the target, then run this again',
    });
  }
  await source.delete(id);
}

function same(one: SecretFields | undefined, other: SecretFields): boolean {
  return one !== undefined && isDeepStrictEqual(toPlain(one), toPlain(other));
}

function refuseReadOnly(store: SecretStore): void {
  if (store.writable) return;
  throw new ValetkeyError('STORE_READ_ONLY', {
    subject: store.location,
    reason: `${store.kind} can be read only`,
    hint: 'as a source it can be copied from: keep its items there',
  });
}

/** The failure itself, with where every item is now. */
function interrupted(
  error: unknown,
  places: Readonly<Record<string, readonly SecretId[]>>,
): ValetkeyError {
  const known = toValetkeyError(error);
  const parts = Object.entries(places)
    .filter(([, ids]) => ids.length > 0)
    .map(([place, ids]) => `${place}: ${ids.join(', ')}`);
  const why = known.reason === undefined ? '' : `${known.reason}; `;
  return new ValetkeyError(known.code, {
    ...(known.subject === undefined ? {} : { subject: known.subject }),
    reason: `${why}nothing is lost (${parts.join('; ')})`,
    hint: `${known.hint === undefined ? '' : `${known.hint}; `}then run this again: it goes on where it stopped`,
    cause: error,
  });
}
