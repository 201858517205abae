import type { CallerAccount } from '../contract.ts';

/** A value. `json` is the text of its JSON form, which a number may have beyond what doubles hold. */
export interface Leaf {
  readonly kind: 'leaf';
  readonly text: string;
  readonly json: string;
  /** Its usual content type. */
  readonly type: 'text' | 'json';
  /** One value per line. */
  readonly lines?: readonly string[];
}

export interface Directory {
  readonly kind: 'directory';
  /** How JSON shows it. */
  readonly shape: 'object' | 'dictionary' | 'array';
  readonly children: ReadonlyMap<string, Entry>;
}

/** Made when it is asked for, and never part of anything else. */
export interface Live {
  readonly kind: 'token' | 'identity';
  readonly account: CallerAccount;
}

export type Entry = Leaf | Directory | Live;

export function text(value: string): Leaf {
  return { kind: 'leaf', text: value, json: JSON.stringify(value), type: 'text' };
}

/** Digits, unquoted in JSON whatever their number. */
export function digits(value: string): Leaf {
  return { kind: 'leaf', text: value, json: value, type: 'text' };
}

/** One value per line, an array in JSON. */
export function lines(values: readonly string[]): Leaf {
  const json = JSON.stringify(values);
  return { kind: 'leaf', text: values.join('\n'), json, type: 'text', lines: values };
}

/** A value that is JSON even where text is asked for: Go parses it so. */
export function array(values: readonly string[]): Leaf {
  const json = JSON.stringify(values);
  return { kind: 'leaf', text: json, json, type: 'json' };
}

/** Built-in names, which JSON writes in camel case. What is `undefined` does not exist. */
export function directory(entries: Readonly<Record<string, Entry | undefined>>): Directory {
  return { kind: 'directory', shape: 'object', children: sorted(Object.entries(entries)) };
}

/** Somebody's own names (attributes, e-mail addresses), the same in JSON. */
export function dictionary(entries: Iterable<readonly [string, Entry]>): Directory {
  return { kind: 'directory', shape: 'dictionary', children: sorted(entries) };
}

/** What the real one numbers (disks, network interfaces), of which there is none here. */
export const NONE: Directory = { kind: 'directory', shape: 'array', children: new Map() };

/** In the order of their names, as listings show them; of two of a name the first stays. */
function sorted(
  entries: Iterable<readonly [string, Entry | undefined]>,
): ReadonlyMap<string, Entry> {
  const children = new Map<string, Entry>();
  for (const [name, entry] of [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    if (entry !== undefined && !children.has(name)) children.set(name, entry);
  }
  return children;
}
