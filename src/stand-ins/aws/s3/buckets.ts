import { DEFAULT_ACCOUNT } from '../accounts.ts';
import { md5 } from '../checksums.ts';

export interface StoredObject {
  readonly key: string;
  readonly data: Buffer;
  /** With its quotes. */
  readonly etag: string;
  /** ms since the epoch. */
  readonly modifiedAt: number;
  /** `content-type` and `x-amz-meta-…`. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Upload {
  readonly id: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, { readonly data: Buffer; readonly etag: string }>;
}

export interface Bucket {
  readonly name: string;
  readonly account: string;
  /** Undefined = answers whatever region a request was signed for. */
  readonly region: string | undefined;
  readonly createdAt: number;
  readonly objects: Map<string, StoredObject>;
  readonly uploads: Map<string, Upload>;
}

export type Buckets = ReturnType<typeof createBuckets>;

/** All buckets of all accounts, in memory; names are global, as in AWS. */
export function createBuckets(now: () => number) {
  const buckets = new Map<string, Bucket>();
  return {
    add(
      name: string,
      options: { readonly account?: string; readonly region?: string } = {},
    ): Bucket {
      const bucket: Bucket = {
        name,
        account: options.account ?? DEFAULT_ACCOUNT,
        region: options.region,
        createdAt: now(),
        objects: new Map(),
        uploads: new Map(),
      };
      buckets.set(name, bucket);
      return bucket;
    },
    find: (name: string): Bucket | undefined => buckets.get(name),
    ofAccount: (account: string): Bucket[] =>
      [...buckets.values()]
        .filter((bucket) => bucket.account === account)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    /** Stores an object as if its owner had. */
    put: (bucket: string, key: string, content: string | Buffer): StoredObject => {
      const found = buckets.get(bucket);
      if (found === undefined) throw new Error(`there is no bucket ${bucket}`);
      return storeObject(found, key, Buffer.from(content), {}, now());
    },
    /** What is stored, as bytes. */
    read: (bucket: string, key: string): Buffer | undefined =>
      buckets.get(bucket)?.objects.get(key)?.data,
  };
}

export function storeObject(
  bucket: Bucket,
  key: string,
  data: Buffer,
  headers: Readonly<Record<string, string>>,
  now: number,
  etag = `"${md5(data).toString('hex')}"`,
): StoredObject {
  const object = { key, data, etag, modifiedAt: now, headers };
  bucket.objects.set(key, object);
  return object;
}
