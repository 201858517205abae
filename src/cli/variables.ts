import type { ClientVariables } from './context.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const BYPASS = ['NO_PROXY', 'no_proxy'] as const;

/**
 * Proxy exceptions added to the person's own instead of put in their place, under both spellings:
 * curl and Python read the small one, Go and others the large one.
 */
export function mergeVariables(own: Environment, { set, clear }: ClientVariables): ClientVariables {
  const ours = BYPASS.flatMap((name) => hosts(set[name]));
  if (ours.length === 0) return { set, clear };
  const merged = [...new Set([...BYPASS.flatMap((name) => hosts(own[name])), ...ours])].join(',');
  return { set: { ...set, NO_PROXY: merged, no_proxy: merged }, clear };
}

/** The environment of a child: this one's, less what would win over the endpoint, plus the endpoint's. */
export function childEnvironment(
  own: Environment,
  variables: ClientVariables,
): Record<string, string> {
  const { set, clear } = mergeVariables(own, variables);
  const kept = Object.entries(own).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !clear.includes(entry[0]),
  );
  return { ...Object.fromEntries(kept), ...set };
}

function hosts(list: string | undefined): string[] {
  return (list ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}
