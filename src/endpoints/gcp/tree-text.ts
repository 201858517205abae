import { hash } from 'node:crypto';

import type { Directory, Entry, Leaf } from './tree.ts';

/** Sub-directories end in a slash, what has a value does not; each line is ended. */
export function listing(directory: Directory): string {
  return names(directory)
    .map((name) => `${name}\n`)
    .join('');
}

export function listingJson(directory: Directory): string {
  return JSON.stringify(names(directory));
}

function names({ children }: Directory): readonly string[] {
  return [...children].map(([name, { kind }]) => (kind === 'directory' ? `${name}/` : name));
}

/** Everything below as JSON, without what is made when it is asked for (tokens). */
export function recursiveJson(entry: Directory | Leaf): string {
  if (entry.kind === 'leaf') return entry.json;
  const fields = stored(entry).map(([name, child]) => {
    const value = recursiveJson(child);
    if (entry.shape === 'array') return value;
    return `${JSON.stringify(entry.shape === 'object' ? camelCase(name) : name)}:${value}`;
  });
  return entry.shape === 'array' ? `[${fields.join()}]` : `{${fields.join()}}`;
}

/** The same as lines of path and value; a value of several lines has a path before each. */
export function recursiveText(directory: Directory, path = ''): string {
  return stored(directory)
    .map(([name, child]) =>
      child.kind === 'directory'
        ? recursiveText(child, `${path}${name}/`)
        : (child.lines ?? [child.text]).map((line) => `${path}${name} ${line}\n`).join(''),
    )
    .join('');
}

/** The same for the same value, another after a change of anything below. 16 hex digits as in the documentation. */
export function etagOf(entry: Directory | Leaf): string {
  return hash('sha256', recursiveJson(entry), 'hex').slice(0, 16);
}

function stored({ children }: Directory): readonly (readonly [string, Directory | Leaf])[] {
  return [...children].flatMap(([name, child]) => (isStored(child) ? [[name, child]] : []));
}

function isStored(entry: Entry): entry is Directory | Leaf {
  return entry.kind === 'directory' || entry.kind === 'leaf';
}

function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
