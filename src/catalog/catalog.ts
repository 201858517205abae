import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { toValetkeyError, ValetkeyError } from '../core/errors.ts';
import { ConnectorName } from '../core/ids.ts';
import { isErrno, removeFile, writeFileAtomically } from '../files/atomic-write.ts';
import type { ConnectorRecord } from './record.ts';
import { parseRecord, renderRecord } from './record.ts';
import { watchFolder } from './watch.ts';

/** One file of the catalog: a record, or why it cannot be used. */
export type CatalogEntry =
  | { readonly name: ConnectorName; readonly record: ConnectorRecord; readonly error?: undefined }
  | { readonly name: ConnectorName; readonly record?: undefined; readonly error: ValetkeyError };

/**
 * The connector records on disk, one YAML file each. Reads always see the disk; writes are whole
 * (invariant 9) and belong under the write lock, which the caller holds.
 */
export interface Catalog {
  readonly directory: string;
  /** Every connector by name; a file that cannot be understood is an entry with its error. */
  list(): Promise<readonly CatalogEntry[]>;
  /** Throws `CONNECTOR_NOT_FOUND` or `CATALOG_CORRUPT`. */
  get(name: ConnectorName): Promise<ConnectorRecord>;
  /** A new connector. Throws `NAME_TAKEN`, also when a file of that name is corrupt. */
  create(record: ConnectorRecord): Promise<void>;
  replace(record: ConnectorRecord): Promise<void>;
  /** True when there was one; a corrupt file is removed too. */
  remove(name: ConnectorName): Promise<boolean>;
  /**
   * Calls back after files came, went or changed, whoever did it, with the known connectors that
   * changed or went. Returns the end of watching.
   */
  watch(changed: (names: readonly ConnectorName[]) => void): () => void;
}

const SUFFIX = '.yaml';

export function openCatalog(directory: string): Catalog {
  const pathOf = (name: ConnectorName) => join(directory, `${name}${SUFFIX}`);

  async function readEntry(name: ConnectorName): Promise<CatalogEntry | undefined> {
    try {
      const text = await readFile(pathOf(name), 'utf8');
      return { name, record: parseRecord(text, pathOf(name), name) };
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      return { name, error: readError(error, pathOf(name)) };
    }
  }

  async function write(record: ConnectorRecord, exclusive: boolean): Promise<void> {
    const path = pathOf(record.name);
    const previous = exclusive ? undefined : await readFile(path, 'utf8').catch(() => undefined);
    try {
      await writeFileAtomically(path, renderRecord(record, previous), { mode: 0o600, exclusive });
    } catch (error) {
      if (isErrno(error, 'EEXIST')) throw taken(record.name);
      throw new ValetkeyError('CATALOG_WRITE_FAILED', {
        subject: path,
        ...(isErrno(error, 'ENOSPC') ? { reason: 'the disk is full' } : {}),
        hint: 'nothing was changed; free space or mend the folder’s rights, then try again',
        cause: error,
      });
    }
  }

  async function list(): Promise<readonly CatalogEntry[]> {
    const names = (await filesOf(directory)).flatMap((file) => {
      const name = ConnectorName.safeParse(file.slice(0, -SUFFIX.length));
      return file.endsWith(SUFFIX) && name.success ? [name.data] : [];
    });
    const entries = await Promise.all(names.sort().map(readEntry));
    return entries.filter((entry) => entry !== undefined);
  }

  return {
    directory,
    list,
    async get(name) {
      const entry = await readEntry(name);
      if (entry === undefined) {
        throw new ValetkeyError('CONNECTOR_NOT_FOUND', {
          subject: name,
          hint: 'valetkey connector list shows what is registered',
        });
      }
      if (entry.error !== undefined) throw entry.error;
      return entry.record;
    },
    create: (record) => write(record, true),
    replace: (record) => write(record, false),
    remove: (name) => removeFile(pathOf(name)),
    watch: (changed) => watchFolder(directory, () => list(), changed),
  };
}

async function filesOf(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw new ValetkeyError('CATALOG_CORRUPT', {
      subject: directory,
      reason: 'the folder cannot be read',
      cause: error,
    });
  }
}

function readError(error: unknown, path: string): ValetkeyError {
  if (error instanceof ValetkeyError) return error;
  return new ValetkeyError('CATALOG_CORRUPT', {
    subject: path,
    reason: 'the file cannot be read',
    cause: toValetkeyError(error),
  });
}

function taken(name: ConnectorName): ValetkeyError {
  return new ValetkeyError('NAME_TAKEN', {
    subject: name,
    hint: `choose another name, or change it with: valetkey connector update ${name}`,
  });
}
