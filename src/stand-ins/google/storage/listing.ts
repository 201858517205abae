import { jsonReply } from '../reply.ts';
import type { GoogleReply } from '../reply.ts';
import type { StorageCall } from './access.ts';
import type { Bucket, StoredObject } from './buckets.ts';
import { badParameter } from './refusals.ts';
import { bucketResource, objectResource } from './resources.ts';

/** Most items in one answer, and as many when nothing is asked. */
const MAX_RESULTS = 1000;

/** https://cloud.google.com/storage/docs/json_api/v1/buckets/list */
export function listBuckets(call: StorageCall): GoogleReply {
  const { world } = call;
  const { query } = call.request;
  const project = query.get('project') ?? '';
  if (project === '') throw badParameter('project', 'required');
  call.visit.target = project;
  call.demandProject('storage.buckets.list', project);
  const prefix = query.get('prefix') ?? '';
  const found = world.buckets.ofProject(project).filter(({ name }) => name.startsWith(prefix));
  const page = paginate(found, query);
  return jsonReply({
    kind: 'storage#buckets',
    ...page.next,
    items: page.items.map((bucket) => bucketResource(bucket, call.base)),
  });
}

/** https://cloud.google.com/storage/docs/json_api/v1/objects/list */
export function listObjects(call: StorageCall): GoogleReply {
  const { query } = call.request;
  const bucket = call.bucket(call.params[0] ?? '');
  const prefix = query.get('prefix') ?? '';
  call.demand('storage.objects.list', { bucket, listPrefix: prefix });
  const entries = entriesOf(bucket, prefix, query);
  const page = paginate(entries, query);
  const items = page.items.flatMap(({ object }) => object ?? []);
  const prefixes = page.items.flatMap(({ name, object }) => (object === undefined ? name : []));
  return jsonReply({
    kind: 'storage#objects',
    ...page.next,
    ...(prefixes.length === 0 ? {} : { prefixes }),
    ...(items.length === 0
      ? {}
      : { items: items.map((object) => objectResource(bucket, object, call.base)) }),
  });
}

interface Entry {
  readonly name: string;
  /** Undefined = a common prefix. */
  readonly object: StoredObject | undefined;
}

/** Names in UTF-8 byte order, rolled up to the delimiter. */
function entriesOf(bucket: Bucket, prefix: string, query: URLSearchParams): readonly Entry[] {
  const delimiter = query.get('delimiter') ?? '';
  const trailing = query.get('includeTrailingDelimiter') === 'true';
  const start = query.get('startOffset') ?? '';
  const end = query.get('endOffset') ?? '';
  const entries = new Map<string, Entry>();
  for (const object of bucket.objects.values()) {
    const { name } = object;
    if (!name.startsWith(prefix) || name < start || (end !== '' && name >= end)) continue;
    const mark = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
    const folder = mark === -1 ? undefined : name.slice(0, mark + delimiter.length);
    if (folder !== undefined) entries.set(`${folder}\0`, { name: folder, object: undefined });
    if (folder === undefined || (trailing && folder === name)) entries.set(name, { name, object });
  }
  return [...entries.values()].sort((a, b) =>
    Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
  );
}

function paginate<Item extends { readonly name: string }>(
  found: readonly Item[],
  query: URLSearchParams,
): { readonly items: readonly Item[]; readonly next: { readonly nextPageToken?: string } } {
  const most = readMost(query.get('maxResults'));
  const after = readToken(query.get('pageToken'));
  const rest = after === undefined ? found : found.filter(({ name }) => compare(name, after) > 0);
  const items = rest.slice(0, most);
  const last = items.at(-1);
  if (rest.length <= items.length || last === undefined) return { items, next: {} };
  return { items, next: { nextPageToken: Buffer.from(`>${last.name}`).toString('base64url') } };
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function readMost(text: string | null): number {
  if (text === null) return MAX_RESULTS;
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw badParameter('maxResults');
  return Math.min(count, MAX_RESULTS);
}

/** Tokens are opaque to clients; a made-up one is refused. */
function readToken(token: string | null): string | undefined {
  if (token === null || token === '') return undefined;
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (!text.startsWith('>')) throw badParameter('pageToken', 'invalid');
  return text.slice(1);
}
