import { ValetkeyError } from '../../core/errors.ts';
import { covers } from './scopes.ts';

type Config = Readonly<Record<string, unknown>>;

/** The OAuth scopes that a connector is limited to, where it is. The configuration may be as it was written. */
export function ownScopes({ scopes }: Config): readonly string[] | undefined {
  const list: readonly unknown[] =
    typeof scopes === 'string' ? scopes.split(',') : Array.isArray(scopes) ? scopes : [];
  const texts = list.filter((scope) => typeof scope === 'string').map((scope) => scope.trim());
  return texts.length === 0 ? undefined : texts;
}

/** Throws `OUT_OF_SCOPE` when the connector is limited to scopes that do not include this one. */
export function requireScope(config: Config, scope: string): void {
  const own = ownScopes(config);
  if (own === undefined || covers(own, scope)) return;
  throw new ValetkeyError('OUT_OF_SCOPE', {
    reason: `it is limited to OAuth scopes that do not include ${scope}`,
    hint: 'add the scope to the connector’s scopes',
  });
}
