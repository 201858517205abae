import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { ValetkeyError } from '../core/errors.ts';
import { SecretId } from '../core/ids.ts';
import { isErrno } from '../files/atomic-write.ts';
import { defineStore, type SecretStore } from './contract.ts';
import { readFailure } from './file-failure.ts';
import { fromPlain } from './item.ts';
import { readFolder, refuseIfOthersCanWrite } from './mount/snapshot.ts';

/**
 * Reads `<mount>/<connector>/<field>`: mounted Kubernetes Secrets
 * (https://kubernetes.io/docs/concepts/configuration/secret/#using-secrets-as-files-from-a-pod),
 * projected volumes, docker secrets. Each `get` reads anew, so a rotated Secret is used at once.
 */
export default defineStore({
  kind: 'mounted-files',
  title: 'Mounted files',
  description:
    'Read-only: one folder per connector with one file per field, as Kubernetes mounts a Secret.',
  open: async ({ mount }) => {
    if (mount === undefined || mount === '') {
      throw new ValetkeyError('CONFIG_INVALID', {
        reason: 'the store `mounted-files` needs the mounted folder',
        hint: 'set the store’s `mount`, for example to /run/secrets/valetkey',
      });
    }
    return openMount(mount);
  },
});

function openMount(mount: string): SecretStore {
  const readOnly = async (): Promise<never> => {
    throw new ValetkeyError('STORE_READ_ONLY', {
      subject: mount,
      hint: 'change the Secret that is mounted there; it is read again at the next use',
    });
  };
  const reading = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw unreadable(error, mount);
    }
  };
  /** A volume that is not mounted has no folders at all: not the same as no such item. */
  const assertMounted = async () =>
    refuseIfOthersCanWrite(mount, await stat(mount, { bigint: true }));
  const list = () =>
    reading(async () => {
      await assertMounted();
      const ids: SecretId[] = [];
      for (const name of await readdir(mount)) {
        const id = SecretId.safeParse(name);
        if (!id.success || hasPart(id.data)) continue;
        if (await isFolder(join(mount, name))) ids.push(id.data);
      }
      return ids;
    });
  return {
    kind: 'mounted-files',
    writable: false,
    location: mount,
    get: (id) =>
      reading(async () => {
        await assertMounted();
        const fields = hasPart(id) ? undefined : await readFolder(join(mount, id));
        return fields === undefined ? undefined : fromPlain(fields);
      }),
    set: readOnly,
    delete: readOnly,
    list,
    check: async () => void (await list()),
  };
}

/** `name~part` items are what valetkey writes itself, so a read-only store has none. */
const hasPart = (id: SecretId): boolean => id.includes('~');

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

function unreadable(error: unknown, mount: string): ValetkeyError {
  if (!isErrno(error, 'ENOTDIR')) return readFailure(error, mount);
  return new ValetkeyError('STORE_CORRUPT', {
    subject: error.path ?? mount,
    reason: 'it is a file where a folder was expected',
    hint: 'mount each connector as a folder with one file per field',
    cause: error,
  });
}
