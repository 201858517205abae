import type { AzureScope } from './cloud.ts';

/** All audiences that any of them is for; one that is unlimited makes the whole so. */
export function mergeScopes(scopes: readonly (AzureScope | undefined)[]): AzureScope | undefined {
  const limited = scopes.filter((scope) => scope !== undefined);
  if (limited.length < scopes.length || limited.length === 0) return undefined;
  return { audiences: [...new Set(limited.flatMap(({ audiences }) => audiences))] };
}

export function scopeAsSent(scope: AzureScope | undefined): unknown {
  return scope === undefined ? undefined : { audiences: scope.audiences };
}
