import type { CallerIdentity } from '../contract.ts';
import type { Failure } from './failure.ts';
import type { Wanted } from './wanted.ts';

/** Queries remembered per workload, and their characters; what clients repeat is neither many nor long. */
const REMEMBERED = 128;
const MAX_QUERY = 1024;

export type Find = (identities: readonly CallerIdentity[], query: string) => Wanted | Failure;

/** Remembers what a query meant, until the identities change: it gives the same object each time. */
export function remembering(find: Find): Find {
  const known = new WeakMap<readonly CallerIdentity[], Map<string, Wanted | Failure>>();
  return (identities, query) => {
    let found = known.get(identities);
    if (found === undefined) known.set(identities, (found = new Map()));
    const before = found.get(query);
    if (before !== undefined) return before;
    const made = find(identities, query);
    if (query.length > MAX_QUERY) return made;
    const [oldest] = found.size >= REMEMBERED ? found.keys() : [];
    if (oldest !== undefined) found.delete(oldest);
    found.set(query, made);
    return made;
  };
}
