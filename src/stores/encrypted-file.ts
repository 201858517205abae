import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { systemClock } from '../core/clock.ts';
import { ValetkeyError } from '../core/errors.ts';
import { isErrno, removeLeftovers, writeFileAtomically } from '../files/atomic-write.ts';
import { createWriteLock } from '../files/write-lock.ts';
import { formatContent, parseContent, type Items } from './age/content.ts';
import { seal, unseal } from './age/envelope.ts';
import { createKeySource, type AgeKey } from './age/key.ts';
import { defineStore, type SecretStore, type StoreOptions } from './contract.ts';
import { readFailure, writeFailure } from './file-failure.ts';
import { fromPlain, toPlain } from './item.ts';

/** All items in one file that the `age` tool opens too. https://age-encryption.org/v1 */
export default defineStore({
  kind: 'encrypted-file',
  title: 'Encrypted file',
  description: 'One file in age’s format, opened by a passphrase or by an age identity.',
  open: async (options) => openFile(options),
});

/** A file's content as it was decrypted, and the file and key it came from. Never leaves memory. */
interface Decrypted {
  readonly stamp: string;
  readonly fingerprint: Promise<string>;
  readonly items: Promise<Items>;
}

const NOTHING: Items = new Map();

function openFile({ directory, clock = systemClock, ...options }: StoreOptions): SecretStore {
  const path = join(directory, 'secrets.age');
  const keys = createKeySource(options);
  const locked = createWriteLock(join(directory, 'secrets.lock'), clock);
  let decrypted: Decrypted | undefined;

  /** Callers at once, and later ones while the file is the same, share one key derivation. */
  const load = async (writeKey?: AgeKey): Promise<Items> => {
    try {
      const stamp = await stampOf(path);
      if (stamp === undefined) return NOTHING;
      const known = decrypted;
      if (known?.stamp === stamp) {
        const sameKey = !writeKey || (await known.fingerprint) === writeKey.fingerprint;
        if (sameKey) return await known.items;
      }
      decrypted = decrypt(stamp, writeKey);
      return await decrypted.items;
    } catch (error) {
      throw readFailure(error, path);
    }
  };

  const decrypt = (stamp: string, given?: AgeKey): Decrypted => {
    const key = given === undefined ? keys.key() : Promise.resolve(given);
    const items = key.then(async (one) =>
      parseContent(await unseal(await readFile(path), one, path), path),
    );
    const fingerprint = key.then((one) => one.fingerprint);
    fingerprint.catch(() => {});
    items.catch((error: unknown) => {
      if (decrypted?.items === items) decrypted = undefined;
      if (error instanceof ValetkeyError && error.code === 'STORE_LOCKED') keys.forget();
    });
    return { stamp, fingerprint, items };
  };

  /** Reads, changes and replaces the whole file while no other process does. */
  const change = async (edit: (items: Items) => Items | undefined): Promise<boolean> => {
    try {
      return await locked(async () => {
        // Opened with the key it will be sealed with: a swapped key file must not re-encrypt it.
        const key = await keys.key();
        const items = edit(await load(key));
        if (items === undefined) return false;
        await removeLeftovers(path);
        await writeFileAtomically(path, await seal(formatContent(items), key));
        decrypted = {
          stamp: (await stampOf(path)) ?? '',
          fingerprint: Promise.resolve(key.fingerprint),
          items: Promise.resolve(items),
        };
        return true;
      });
    } catch (error) {
      throw writeFailure(error, path);
    }
  };

  return {
    kind: 'encrypted-file',
    writable: true,
    location: path,
    get: async (id) => {
      const item = (await load()).get(id);
      return item === undefined ? undefined : fromPlain(item);
    },
    set: async (id, fields) => {
      const plain = toPlain(fields);
      await change((items) => new Map(items).set(id, plain));
    },
    delete: (id) =>
      change((items) => {
        const rest = new Map(items);
        return rest.delete(id) ? rest : undefined;
      }),
    list: async () => [...(await load()).keys()],
    check: async () => void (await load()),
  };
}

/** Changes whenever the file is replaced: writers put a new inode in its place, never edit it. */
async function stampOf(path: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
