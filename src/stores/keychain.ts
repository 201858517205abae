import type * as Keyring from '@napi-rs/keyring';
import { LRUCache } from 'lru-cache';

import { systemClock } from '../core/clock.ts';
import { SecretId } from '../core/ids.ts';
import { defineStore, type SecretStore, type StoreOptions } from './contract.ts';
import { parseItem, toPlain } from './item.ts';
import {
  addonMissing,
  keychainFailure,
  notOurs,
  promptUnanswered,
  type Operation,
} from './secret-service/failure.ts';
import { createTurns } from './secret-service/turns.ts';

type Addon = typeof Keyring;
type AsyncEntry = Keyring.AsyncEntry;

/** Unpinned, the addon falls silently to the kernel's keyring, which is gone at the next boot. */
const PINNED = { linux: { store: 'secret-service' } } as const;

/** Opening an entry costs a session with the service (5 ms, against 0.6 ms for a get on an open one). */
const MAX_OPEN_ENTRIES = 256;

const PROMPT_LIMIT_MS = 60_000;

/**
 * Our own item beside the connectors'. A locked keyring answers "not found" for what it never had,
 * and an empty list, just like an open one: that this item can be read tells one from the other.
 * Its name is no `SecretId`, so it is never listed.
 */
const MARK = { name: '.valetkey', content: '{"valetkey":1}' } as const;

const LOCATIONS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: 'macOS keychain',
  linux: 'Secret Service',
  win32: 'Windows Credential Manager',
};

/** The operating system's keychain. https://specifications.freedesktop.org/secret-service/latest/ */
export default defineStore({
  kind: 'keychain',
  title: 'OS keychain',
  description:
    'The login session’s own: Secret Service, macOS keychain, Windows Credential Manager.',
  open: async (options) => openKeychain(await loadAddon(), options),
});

async function loadAddon(): Promise<Addon> {
  try {
    return await import('@napi-rs/keyring');
  } catch (error) {
    throw addonMissing(error);
  }
}

const password = (entry: AsyncEntry): Promise<string | null> => entry.getPassword();

function openKeychain(addon: Addon, { service, clock = systemClock }: StoreOptions): SecretStore {
  const entries = new LRUCache<string, AsyncEntry>({ max: MAX_OPEN_ENTRIES });
  const turns = createTurns(clock, PROMPT_LIMIT_MS, () => promptUnanswered(PROMPT_LIMIT_MS / 1000));

  /**
   * The entry's constructor talks to the service on the event loop (up to 2 s to one that hangs).
   * A search does the same on a thread and fails first, so the loop is not held up.
   */
  const openEntry = async (name: string): Promise<AsyncEntry> => {
    if (process.platform === 'linux') await addon.findCredentialsAsync(`${service}/reachable`);
    const entry = new addon.AsyncEntry(service, name, PINNED);
    entries.set(name, entry);
    return entry;
  };

  /** On a new entry: its session is alive, so a failure is the operation's own. */
  const onNew = async <T>(
    operation: Operation,
    name: string,
    work: (entry: AsyncEntry) => Promise<T>,
  ): Promise<T> => {
    try {
      return await work(await openEntry(name));
    } catch (error) {
      entries.clear();
      throw keychainFailure(error, operation);
    }
  };

  const read = async (name: string): Promise<string | undefined> => {
    const reused = entries.get(name);
    if (reused !== undefined) {
      try {
        return (await password(reused)) ?? undefined;
      } catch (error) {
        const failure = keychainFailure(error, 'read');
        // A session ends with the service that gave it: after its restart a new one is needed.
        // A locked keyring has just shown its prompt, and must not at once show another.
        if (failure.code !== 'STORE_UNREACHABLE') throw failure;
      }
    }
    return (await onNew('read', name, password)) ?? undefined;
  };

  const write = (name: string, content: string): Promise<void> =>
    onNew('write', name, (entry) => entry.setPassword(content));

  /** Throws unless the keyring is open; an answer of "nothing there" counts only after this. */
  const assertOpen = async (): Promise<void> => {
    if ((await read(MARK.name)) === undefined) await write(MARK.name, MARK.content);
  };

  return {
    kind: 'keychain',
    writable: true,
    location: LOCATIONS[process.platform] ?? 'keychain',
    get: (id) =>
      turns.take(async () => {
        const content = await read(id);
        if (content === undefined) {
          await assertOpen();
          return undefined;
        }
        const fields = parseItem(content);
        if (fields === undefined) throw notOurs(id);
        return fields;
      }),
    set: async (id, fields) => {
      const content = JSON.stringify(toPlain(fields));
      await turns.take(() => write(id, content));
    },
    delete: (id) =>
      turns.take(async () => {
        const deleted = await onNew('write', id, (entry) => entry.deleteCredential());
        entries.delete(id);
        if (!deleted) await assertOpen();
        return deleted;
      }),
    list: () =>
      turns.take(async () => {
        await assertOpen();
        return idsOf(await find(addon, service));
      }),
    check: () => turns.take(assertOpen),
  };
}

async function find(addon: Addon, service: string): Promise<readonly string[]> {
  try {
    return (await addon.findCredentialsAsync(service)).map(({ account }) => account);
  } catch (error) {
    throw keychainFailure(error, 'read');
  }
}

/** Others may keep items under the same service, and the same name twice: neither is an item of ours. */
function idsOf(names: readonly string[]): readonly SecretId[] {
  const ids = names.map((name) => SecretId.safeParse(name)).flatMap(({ data }) => data ?? []);
  return [...new Set(ids)];
}
