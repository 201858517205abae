import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { basename } from 'node:path';

import type { ConnectorName } from '../core/ids.ts';
import type { CatalogEntry } from './catalog.ts';
import { issuingPart } from './record.ts';

const SETTLE_MS = 50; // an editor saves in several steps
const GONE_MS = 1_000; // how soon a folder that went away is looked for again

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
  let watched: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  let before = new Map<ConnectorName, string>();

  function soon(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => void look().catch(() => {}), ms);
    timer.unref();
  }

  /** A folder put in the watched one's place (a checkout, a restored backup) is watched instead. */
  async function follow(): Promise<void> {
    const found = await identityOf(directory);
    if (ended || (found !== undefined && found === watched)) return;
    watcher?.close();
    watcher = undefined;
    watched = found;
    if (found === undefined) return soon(GONE_MS);
    watcher = watch(directory, { persistent: false }, (_event, name) => {
      if (name === basename(directory)) watched = undefined; // the folder itself came or went
      soon(SETTLE_MS);
    });
    watcher.on('error', () => {}); // the folder was removed: whoever reads it next says so
  }

  async function look(): Promise<void> {
    await follow();
    const after = await snapshot(list);
    const different = [...before.keys()].filter((name) => before.get(name) !== after.get(name));
    const isNew = [...after.keys()].some((name) => !before.has(name));
    before = after;
    if ((different.length > 0 || isNew) && !ended) changed(different);
  }

  async function start(): Promise<void> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await follow(); // first, so that no change falls between
    before = await snapshot(list);
  }

  start().catch(() => {}); // an unwritable home is reported by whoever writes to it
  return () => {
    ended = true;
    clearTimeout(timer);
    watcher?.close();
  };
}

/** Tells a folder from another one of the same name; inodes alone are used again. */
async function identityOf(directory: string): Promise<string | undefined> {
  try {
    const { dev, ino, birthtimeNs } = await stat(directory, { bigint: true });
    return [dev, ino, birthtimeNs].join(' ');
  } catch {
    return undefined;
  }
}

async function snapshot(
  list: () => Promise<readonly CatalogEntry[]>,
): Promise<Map<ConnectorName, string>> {
  const entries = await list();
  return new Map(
    entries.map(({ name, record, error }) => [
      name,
      record === undefined ? error.message : issuingPart(record),
    ]),
  );
}
