import { randomBytes } from 'node:crypto';

export interface StoredBlob {
  readonly body: Buffer;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly etag: string;
  /** ms since the epoch. */
  readonly modifiedAt: number;
}

export interface Container {
  readonly name: string;
  readonly etag: string;
  readonly modifiedAt: number;
  readonly blobs: Map<string, StoredBlob>;
}

export interface ContainerOptions {
  /** Name of the storage account. */
  readonly account: string;
  readonly name: string;
  /** Blob name → text. */
  readonly blobs?: Readonly<Record<string, string>>;
}

/** https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata */
export const CONTAINER_NAME = /^(?=.{3,63}$)[a-z0-9](?:-?[a-z0-9])*$/;

export type BlobStore = ReturnType<typeof createBlobStore>;

/** What the storage accounts hold. */
export function createBlobStore(now: () => number) {
  const accounts = new Map<string, Map<string, Container>>();
  const of = (account: string): Map<string, Container> => {
    const own = accounts.get(account) ?? new Map<string, Container>();
    accounts.set(account, own);
    return own;
  };
  const stamp = () => ({
    etag: `"0x8D${randomBytes(6).toString('hex').toUpperCase()}"`,
    modifiedAt: now(),
  });
  const store = {
    add({ account, name, blobs = {} }: ContainerOptions): Container {
      if (!CONTAINER_NAME.test(name)) throw new Error(`${name} is no name of a container`);
      const container: Container = { name, ...stamp(), blobs: new Map() };
      of(account).set(name, container);
      for (const [blob, text] of Object.entries(blobs)) {
        store.put(container, blob, { body: Buffer.from(text), contentType: 'text/plain' });
      }
      return container;
    },
    put(
      container: Container,
      name: string,
      {
        body,
        contentType = 'application/octet-stream',
        metadata = {},
      }: { body: Buffer; contentType?: string; metadata?: Readonly<Record<string, string>> },
    ): StoredBlob {
      const blob = { body, contentType, metadata, ...stamp() };
      container.blobs.set(name, blob);
      return blob;
    },
    find: (account: string, name: string): Container | undefined => of(account).get(name),
    remove: (account: string, name: string): boolean => of(account).delete(name),
    /** By name. */
    list: (account: string): readonly Container[] =>
      [...of(account).values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
  return store;
}
