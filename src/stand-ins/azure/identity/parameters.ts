import type { AzureRequest } from '../request.ts';
import type { Selector } from './identities.ts';

export interface Wanted {
  readonly resource: string;
  readonly selector: Selector;
}

/** What a token request asks for, or a sentence on what is wrong with it. */
export function readWanted(
  { query }: AzureRequest,
  names: Readonly<Record<string, keyof Selector>>,
): Wanted | string {
  for (const name of new Set(query.keys())) {
    if (query.getAll(name).length > 1) return `Parameter '${name}' is given more than once.`;
  }
  const resource = query.get('resource') ?? '';
  if (resource === '') return "Required query variable 'resource' is missing";
  const given = Object.entries(names).filter(([name]) => query.has(name));
  if (given.length > 1) {
    return `Only one of ${given.map(([name]) => `'${name}'`).join(' and ')} can be specified.`;
  }
  const [one] = given;
  if (one === undefined) return { resource, selector: {} };
  const [name, kind] = one;
  const value = query.get(name) ?? '';
  if (value === '') return `Parameter '${name}' is empty.`;
  return { resource, selector: { [kind]: value } };
}
