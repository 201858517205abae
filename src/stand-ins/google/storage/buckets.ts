import { permissionsOf } from './roles.ts';

export interface StoredObject {
  readonly name: string;
  readonly data: Buffer;
  readonly contentType: string;
  /** The object's own metadata, as its writer gave it. */
  readonly metadata: Readonly<Record<string, string>> | undefined;
  /** Grows with every write, of any object. */
  readonly generation: bigint;
  /** ms since the epoch. */
  readonly createdAt: number;
}

export type ObjectContent = Pick<StoredObject, 'name' | 'data'> &
  Partial<Pick<StoredObject, 'contentType' | 'metadata'>>;

export interface Bucket {
  readonly name: string;
  readonly project: string;
  readonly location: string;
  readonly createdAt: number;
  readonly objects: Map<string, StoredObject>;
  put(content: ObjectContent): StoredObject;
}

export interface BucketOptions {
  readonly name: string;
  readonly project: string;
  readonly location?: string;
  /** Name → text. */
  readonly objects?: Readonly<Record<string, string>>;
}

interface Binding {
  readonly member: string;
  readonly resource: string;
  readonly role: string;
}

export type Buckets = ReturnType<typeof createBuckets>;

/** Buckets, their objects, and the allow policies on them; all with uniform bucket-level access. */
export function createBuckets(now: () => number) {
  const buckets = new Map<string, Bucket>();
  const bindings = new Set<Binding>();
  // Generations are microseconds of the first write, and strictly ordered.
  let last = 0n;
  const nextGeneration = (): bigint => {
    const clock = BigInt(Math.floor(now())) * 1000n;
    last = clock > last ? clock : last + 1n;
    return last;
  };

  return {
    add(options: BucketOptions): Bucket {
      const { name, project, location = 'EUROPE-WEST1' } = options;
      if (buckets.has(name)) throw new Error(`there is a bucket ${name} already`);
      const objects = new Map<string, StoredObject>();
      const bucket: Bucket = {
        name,
        project,
        location,
        createdAt: now(),
        objects,
        put(content) {
          const stored: StoredObject = {
            contentType: 'application/octet-stream',
            metadata: undefined,
            ...content,
            generation: nextGeneration(),
            createdAt: now(),
          };
          objects.set(stored.name, stored);
          return stored;
        },
      };
      buckets.set(name, bucket);
      for (const [key, text] of Object.entries(options.objects ?? {})) {
        bucket.put({ name: key, data: Buffer.from(text), contentType: 'text/plain' });
      }
      return bucket;
    },
    find: (name: string): Bucket | undefined => buckets.get(name),
    ofProject: (project: string): readonly Bucket[] =>
      [...buckets.values()]
        .filter((bucket) => bucket.project === project)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    /** Removes it, as its owner does. */
    remove: (name: string): void => void buckets.delete(name),

    /**
     * One line of an allow policy. `resource` is a bucket's name, or `projects/ID` for all of a
     * project's. Returns what takes it away again.
     */
    allow(member: string, resource: string, role: string): () => void {
      if (permissionsOf(role) === undefined) throw new Error(`there is no role ${role}`);
      const binding = { member, resource, role };
      bindings.add(binding);
      return () => void bindings.delete(binding);
    },
    permitted: (
      members: readonly string[],
      permission: string,
      resources: readonly string[],
    ): boolean =>
      [...bindings].some(
        ({ member, resource, role }) =>
          members.includes(member) &&
          resources.includes(resource) &&
          permissionsOf(role)?.has(permission) === true,
      ),
  };
}
