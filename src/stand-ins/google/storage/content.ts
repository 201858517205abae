import { isObject, textOf } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { crc32c, md5 } from './checksums.ts';
import { storageRefusal } from './refusals.ts';

/** What a writer says about the object it sends: a part of the object resource. */
export interface Described {
  readonly name: string | undefined;
  readonly contentType: string | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly md5Hash: string | undefined;
  readonly crc32c: string | undefined;
}

/** An empty text describes nothing. */
export function readDescription(text: string): Described {
  const resource = parse(text);
  const custom = resource['metadata'];
  return {
    name: textOf(resource, 'name'),
    contentType: textOf(resource, 'contentType'),
    metadata: isObject(custom)
      ? Object.fromEntries(Object.entries(custom).map(([name, value]) => [name, String(value)]))
      : undefined,
    md5Hash: textOf(resource, 'md5Hash'),
    crc32c: textOf(resource, 'crc32c'),
  };
}

function parse(text: string): JsonObject {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // falls through: no JSON is as wrong as the wrong JSON
  }
  throw storageRefusal(400, 'parseError', 'Parse Error');
}

/** Refuses content that is not what its writer meant: the resource's hashes, or the headers'. */
export function checkHashes(
  data: Buffer,
  described: Described,
  headers: ReadonlyMap<string, string>,
): void {
  const stated = new Map<string, string>();
  for (const piece of (headers.get('x-goog-hash') ?? '').split(',')) {
    const mark = piece.indexOf('=');
    if (mark > 0) stated.set(piece.slice(0, mark).trim(), piece.slice(mark + 1).trim());
  }
  const wanted = [
    ['CRC32C', crc32c(data), described.crc32c],
    ['CRC32C', crc32c(data), stated.get('crc32c')],
    ['MD5', md5(data), described.md5Hash],
    ['MD5', md5(data), stated.get('md5')],
    ['MD5', md5(data), headers.get('content-md5')],
  ] as const;
  for (const [name, actual, given] of wanted) {
    if (given === undefined || given === '' || given === actual) continue;
    const text = `Provided ${name} hash "${given}" doesn't match calculated ${name} hash "${actual}".`;
    throw storageRefusal(400, 'invalid', text);
  }
}
