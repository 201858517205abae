import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { mkdir } from 'node:fs/promises';

import type { ConnectorName } from '../core/ids.ts';
import type { CatalogEntry } from './catalog.ts';

const SETTLE_MS = 50; // an editor saves in several steps

/**
 * Tells which known entries differ or are gone after the folder changed; with new ones alone, none.
 * What did not change is not named: a holder of live credentials must not drop one because a
 * neighbour's file was touched.
 */
export function watchFolder(
  directory: string,
  list: () => Promise<readonly CatalogEntry[]>,
  changed: (names: readonly ConnectorName[]) => void,
): () => void {
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  let before = new Map<ConnectorName, string>();

  async function look(): Promise<void> {
    const after = await snapshot(list);
    const different = [...before.keys()].filter((name) => before.get(name) !== after.get(name));
    const isNew = [...after.keys()].some((name) => !before.has(name));
    before = after;
    if ((different.length > 0 || isNew) && !ended) changed(different);
  }

  async function start(): Promise<void> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    before = await snapshot(list);
    if (ended) return;
    watcher = watch(directory, { persistent: false }, () => {
      clearTimeout(timer);
      timer = setTimeout(() => void look().catch(() => {}), SETTLE_MS);
      timer.unref();
    });
    watcher.on('error', () => {}); // the folder was removed: whoever reads it next says so
  }

  start().catch(() => {}); // an unwritable home is reported by whoever writes to it
  return () => {
    ended = true;
    clearTimeout(timer);
    watcher?.close();
  };
}

async function snapshot(
  list: () => Promise<readonly CatalogEntry[]>,
): Promise<Map<ConnectorName, string>> {
  const entries = await list();
  return new Map(
    entries.map(({ name, record, error }) => [name, JSON.stringify(record ?? error?.message)]),
  );
}
