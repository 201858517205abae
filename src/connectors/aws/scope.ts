import type { AwsScope, ScopeGroup } from './cloud.ts';

type Condition = NonNullable<ScopeGroup['condition']>;

/** One scope that allows what each allows; one that is unlimited makes the whole so. */
export function mergeScopes(scopes: readonly (AwsScope | undefined)[]): AwsScope | undefined {
  const limited = scopes.filter((scope) => scope !== undefined);
  if (limited.length < scopes.length) return undefined;
  return { groups: tidy(limited.flatMap((scope) => scope.groups)) };
}

/**
 * Fewer groups that allow the same, because a session policy's size is limited: what another group
 * already allows goes, equal actions share their resources, equal resources share their actions.
 */
function tidy(groups: readonly ScopeGroup[]): readonly ScopeGroup[] {
  const byActions = joinBy(groups, (group) => key([group.actions, group.condition]));
  const byResources = joinBy(byActions, (group) => key([group.resources, group.condition]));
  return dropCovered(joinConditions(byResources));
}

/** Values of one condition key are alternatives, so groups that differ in them alone become one. */
function joinConditions(groups: readonly ScopeGroup[]): readonly ScopeGroup[] {
  const joined = new Map<string, ScopeGroup>();
  for (const group of groups) {
    const test = onlyTest(group.condition);
    const id = key([group.actions, group.resources, test?.operator, test?.name]);
    const known = joined.get(id);
    if (known === undefined || test === undefined) {
      // Two tests must hold together: such a group stays by itself.
      joined.set(group.condition !== undefined && test === undefined ? key([group]) : id, group);
    } else {
      const values = [...(onlyTest(known.condition)?.values ?? []), ...test.values];
      const condition = { [test.operator]: { [test.name]: unique(values) } };
      joined.set(id, { ...known, condition });
    }
  }
  return [...joined.values()];
}

function onlyTest(
  condition: Condition | undefined,
): { operator: string; name: string; values: readonly string[] } | undefined {
  const tests = Object.entries(condition ?? {}).flatMap(([operator, names]) =>
    Object.entries(names).map(([name, values]) => ({ operator, name, values })),
  );
  return tests.length === 1 ? tests[0] : undefined;
}

/** Does the wildcard pattern `wide` match everything that `narrow` matches? Errs on the side of no. */
export function covers(wide: string, narrow: string): boolean {
  const source = wide
    .split(/(\$\{[*?$]\}|[*?])/)
    .map((part) => {
      if (part === '*') return '[\\s\\S]*';
      // `?` of the narrower pattern is a character like another, its `*` is not one.
      return part === '?' ? '[^*]' : literal(part);
    })
    .join('');
  return new RegExp(`^${source}$`).test(narrow);
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

/** Groups with the same `keyOf` agree in all but one list, so that joining that list adds nothing. */
function joinBy(
  groups: readonly ScopeGroup[],
  keyOf: (group: ScopeGroup) => string,
): readonly ScopeGroup[] {
  const joined = new Map<string, ScopeGroup>();
  for (const group of groups) {
    const id = keyOf(group);
    const { actions = [], resources = [] } = joined.get(id) ?? {};
    joined.set(id, {
      actions: unique([...actions, ...group.actions]),
      resources: unique([...resources, ...group.resources]),
      ...(group.condition === undefined ? {} : { condition: group.condition }),
    });
  }
  return [...joined.values()];
}

function dropCovered(groups: readonly ScopeGroup[]): readonly ScopeGroup[] {
  let kept = groups;
  for (const group of groups) {
    const others = kept.filter((other) => other !== group);
    const covered = others.some(
      (other) =>
        weaker(other.condition, group.condition) &&
        all(group.actions, other.actions) &&
        all(group.resources, other.resources),
    );
    if (covered) kept = others;
  }
  return kept;
}

/** No condition, or the same one. */
function weaker(wide: Condition | undefined, narrow: Condition | undefined): boolean {
  return wide === undefined || key([wide]) === key([narrow]);
}

function all(narrow: readonly string[], wide: readonly string[]): boolean {
  return narrow.every((pattern) => wide.some((other) => covers(other, pattern)));
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}

function key(parts: readonly unknown[]): string {
  return JSON.stringify(parts);
}
