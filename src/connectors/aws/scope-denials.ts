import { ValetkeyError } from '../../core/errors.ts';
import type { ScopeGroup } from './cloud.ts';
import { covers } from './scope.ts';
import type { Statement } from './user-policy.ts';

type Condition = Record<string, Record<string, readonly string[]>>;
/** One test of one condition key. */
interface Test {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** A negated operator is also true when the key is absent, which is what the Allow form refuses. */
const NEGATED: Readonly<Record<string, string>> = {
  StringEquals: 'StringNotEquals',
  StringLike: 'StringNotLike',
  ArnEquals: 'ArnNotEquals',
  ArnLike: 'ArnNotLike',
};

/**
 * Deny statements for everything that `groups` do not allow. Exact as long as two different action
 * patterns of the groups never match one action; where they do, more is denied, never less.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function outsideOf(groups: readonly ScopeGroup[]): readonly Statement[] {
  const actions = [...new Set(groups.flatMap((group) => group.actions))];
  return [
    { Effect: 'Deny', NotAction: actions, Resource: '*' },
    ...byAction(actions, (action) => elsewhere(groupsOf(groups, action))),
    ...byAction(actions, (action) => unmet(groupsOf(groups, action))),
  ];
}

/** Actions that come to the same denial share one statement. */
function byAction(
  actions: readonly string[],
  denialsOf: (action: string) => readonly Statement[],
): readonly Statement[] {
  const shared = new Map<string, { denial: Statement; actions: string[] }>();
  for (const action of actions) {
    for (const denial of denialsOf(action)) {
      const id = JSON.stringify(denial);
      const entry = shared.get(id) ?? { denial, actions: [] };
      entry.actions.push(action);
      shared.set(id, entry);
    }
  }
  return [...shared.values()].map(({ denial, actions: together }) => ({
    Effect: 'Deny',
    Action: together,
    ...denial,
  }));
}

function groupsOf(groups: readonly ScopeGroup[], action: string): readonly ScopeGroup[] {
  return groups.filter((group) => group.actions.some((pattern) => covers(pattern, action)));
}

/** Denied on every resource that no group names. */
function elsewhere(groups: readonly ScopeGroup[]): readonly Statement[] {
  const resources = [...new Set(groups.flatMap((group) => group.resources))];
  return resources.includes('*') ? [] : [{ NotResource: resources }];
}

/** Denied on a resource that is only conditionally allowed, when none of its conditions holds. */
function unmet(groups: readonly ScopeGroup[]): readonly Statement[] {
  const resources = [...new Set(groups.flatMap((group) => group.resources))];
  const shared = new Map<string, { condition: Condition; resources: string[] }>();
  for (const resource of resources) {
    const allowing = groups.filter((group) =>
      group.resources.some((pattern) => covers(pattern, resource)),
    );
    if (allowing.some((group) => group.condition === undefined)) continue;
    for (const condition of noneHolds(allowing.map(testsOf))) {
      const id = JSON.stringify(condition);
      const entry = shared.get(id) ?? { condition, resources: [] };
      entry.resources.push(resource);
      shared.set(id, entry);
    }
  }
  return [...shared.values()].map((entry) => ({
    Resource: entry.resources,
    Condition: entry.condition,
  }));
}

function testsOf(group: ScopeGroup): readonly Test[] {
  return Object.entries(group.condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => ({ operator, key, values })),
  );
}

/** Not (A and B) and not (C): one condition block per way to fail a test of each alternative. */
function noneHolds(alternatives: readonly (readonly Test[])[]): readonly Condition[] {
  let blocks: readonly (readonly Test[])[] = [[]];
  for (const tests of alternatives) {
    blocks = blocks.flatMap((block) => tests.map((test) => [...block, test]));
  }
  return blocks.map(negated);
}

/** Values of one key join: "not like a and not like b" is one test with both. */
function negated(tests: readonly Test[]): Condition {
  const condition: Condition = {};
  for (const { operator, key, values } of tests) {
    const opposite = NEGATED[operator];
    if (opposite === undefined) {
      throw new ValetkeyError('INTERNAL', { reason: `no opposite of ${operator} is known` });
    }
    const keys = (condition[opposite] ??= {});
    keys[key] = [...new Set([...(keys[key] ?? []), ...values])];
  }
  return condition;
}
