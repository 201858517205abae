import { ValetkeyError } from '../../core/errors.ts';
import type { AccessBoundaryRule, GcpScope } from './cloud.ts';

/** `Options.accessBoundary` in https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token */
const MAX_RULES = 10;
const MAX_CHARS = 2048;

/**
 * One scope that allows what each allows; one that is unlimited makes the whole so. Throws
 * `INPUT_INVALID` when that is more than Google takes, or when one is limited to OAuth scopes and
 * another to buckets: one token cannot say both.
 */
export function mergeScopes(scopes: readonly (GcpScope | undefined)[]): GcpScope | undefined {
  const limited = scopes.filter((scope) => scope !== undefined);
  if (limited.length < scopes.length || limited.length === 0) return undefined;
  const rules = limited.flatMap(({ boundary }) => boundary ?? []);
  if (rules.length === 0) {
    return { scopes: unique(limited.flatMap((scope) => scope.scopes ?? [])).sort() };
  }
  // A boundary takes away whatever it does not name, so joining it would narrow the other grant.
  if (limited.some(({ boundary }) => boundary === undefined)) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'grants',
      reason: 'one token cannot be limited to buckets and, beside them, to scopes',
      hint: 'give one of the grants a profile of its own',
    });
  }
  const boundary = tidy(rules);
  const chars = JSON.stringify(boundaryOptions(boundary).accessBoundary).length;
  if (boundary.length > MAX_RULES || chars > MAX_CHARS) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'grants',
      reason: `they need an access boundary of ${boundary.length} rules in ${chars} characters, and Google takes ${MAX_RULES} in ${MAX_CHARS}`,
      hint: 'give some of them a profile of their own, or grant whole buckets or shorter prefixes',
    });
  }
  return { boundary };
}

/** A scope as Google is sent it: `options` of the token exchange, or the scopes. */
export function scopeAsSent(scope: GcpScope | undefined): unknown {
  if (scope?.boundary !== undefined) return boundaryOptions(scope.boundary);
  return scope?.scopes === undefined ? undefined : { scopes: scope.scopes };
}

/** `options` of the exchange that narrows a token. https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token */
export function boundaryOptions(rules: readonly AccessBoundaryRule[]) {
  return { accessBoundary: { accessBoundaryRules: rules } };
}

/** Rules of one bucket and condition become one; what a whole bucket's rule allows anyway goes. */
function tidy(rules: readonly AccessBoundaryRule[]): readonly AccessBoundaryRule[] {
  const joined = new Map<string, AccessBoundaryRule>();
  for (const rule of rules) {
    const key = JSON.stringify([rule.availableResource, rule.availabilityCondition?.expression]);
    const known = joined.get(key)?.availablePermissions ?? [];
    const availablePermissions = unique([...known, ...rule.availablePermissions]);
    joined.set(key, { ...rule, availablePermissions });
  }
  const all = [...joined.values()];
  const whole = all.filter(({ availabilityCondition }) => availabilityCondition === undefined);
  return all.filter(
    (rule) => whole.includes(rule) || !whole.some((other) => allowsAllOf(other, rule)),
  );
}

function allowsAllOf(wide: AccessBoundaryRule, narrow: AccessBoundaryRule): boolean {
  return (
    wide.availableResource === narrow.availableResource &&
    narrow.availablePermissions.every((one) => wide.availablePermissions.includes(one))
  );
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
