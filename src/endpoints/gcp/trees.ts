import type { Caller, CallerAccount, GceInstance } from '../contract.ts';
import { find, type Found } from './find.ts';
import { metadataTree } from './metadata-tree.ts';
import type { Directory } from './tree.ts';

/** Targets remembered per tree; what clients repeat is neither many nor long. */
const REMEMBERED = 128;

/** Characters of a target and of its answer. Attributes may be as large as the configuration lets them. */
const MAX_TARGET = 512;
const MAX_BODY = 16_384;

interface Planted {
  readonly workload: string;
  readonly gce: GceInstance;
  readonly root: Directory;
  readonly found: Map<string, Found>;
}

/** Looks a target up in the tree of whoever asks; trees and answers are kept until what they tell changes. */
export function createTrees(installationId: string): (caller: Caller, target: string) => Found {
  // The array of accounts is the same until something changes, and tells of every change of them.
  const planted = new WeakMap<readonly CallerAccount[], Planted>();

  const plant = (caller: Caller): Planted => {
    const { accounts, gce, workload } = caller;
    const known = planted.get(accounts);
    if (known?.gce === gce && known.workload === workload) return known;
    const root = metadataTree(caller, installationId);
    const made = { workload, gce, root, found: new Map<string, Found>() };
    planted.set(accounts, made);
    return made;
  };

  return (caller, target) => {
    const { root, found } = plant(caller);
    const before = found.get(target);
    if (before !== undefined) return before;
    const made = find(root, target);
    if (isSmall(target, made)) {
      const [oldest] = found.size >= REMEMBERED ? found.keys() : [];
      if (oldest !== undefined) found.delete(oldest);
      found.set(target, made);
    }
    return made;
  };
}

function isSmall(target: string, found: Found): boolean {
  return (
    target.length <= MAX_TARGET && (found.kind !== 'answer' || found.answer.body.length <= MAX_BODY)
  );
}
