import type { SecretId } from '../core/ids.ts';
import { defineStore } from './contract.ts';
import { fromPlain, toPlain, type PlainFields } from './item.ts';

/** Keeps items in this process only: for tests and for trying things out. Gone when it ends. */
export default defineStore({
  kind: 'memory',
  title: 'Memory',
  description: 'Kept by the running process alone and gone when it ends.',
  open: async () => {
    const items = new Map<SecretId, PlainFields>();
    return {
      kind: 'memory',
      writable: true,
      location: 'memory of this process',
      get: async (id) => {
        const item = items.get(id);
        return item === undefined ? undefined : fromPlain(item);
      },
      set: async (id, fields) => void items.set(id, toPlain(fields)),
      delete: async (id) => items.delete(id),
      list: async () => [...items.keys()],
      check: async () => {},
    };
  },
});
