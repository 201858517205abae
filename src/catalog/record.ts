import { isMap, parseDocument, stringify } from 'yaml';
import type { Document } from 'yaml';
import type { z as zod } from 'zod';
import { z } from 'zod';

import { ValetkeyError } from '../core/errors.ts';
import { ConnectorName, SecretId } from '../core/ids.ts';

/** A stored connector without its secret: one small YAML file that a team can review and share. */
export const ConnectorRecord = z.strictObject({
  id: z.uuid().describe('stays the same through renames'),
  name: ConnectorName,
  type: z.string(),
  auth_method: z.string(),
  description: z.string().optional(),
  labels: z.record(z.string(), z.string()).default({}),
  /** Absent: every resource type of the connector type. */
  resource_type: z.string().optional(),
  resource_id: z.string().optional(),
  config: z.record(z.string(), z.unknown()).default({}),
  /** Which fields the store holds, and under which item when that is not the connector's name. */
  secret_fields: z.array(z.string()).default([]),
  secret: SecretId.optional(),
  expires_at: z.iso.datetime().optional(),
  expiration_seconds: z.int().positive().optional(),
  /** Issue credentials that the auth method cannot narrow to what was asked. */
  allow_unscoped: z.boolean().default(false),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});
export type ConnectorRecord = zod.infer<typeof ConnectorRecord>;

/** What changes the credentials that a connector issues, as text to compare: not its labels or dates. */
export function issuingPart(record: ConnectorRecord): string {
  const { description: _d, labels: _l, created_at: _c, updated_at: _u, ...rest } = record;
  return JSON.stringify(rest);
}

/** The text of a connector file. Throws `CATALOG_CORRUPT` naming the file and the line or the key. */
export function parseRecord(text: string, path: string, name: string): ConnectorRecord {
  const document = parseDocument(text, { uniqueKeys: true });
  const [syntax] = document.errors;
  if (syntax !== undefined) {
    const line = syntax.linePos?.[0].line;
    throw corrupt(line === undefined ? path : `${path}:${line}`, `it is not YAML (${syntax.code})`);
  }
  const parsed = ConnectorRecord.safeParse(valueOf(document, path));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const at = issue === undefined ? '' : keyPath(issue);
    throw corrupt(at === '' ? path : `${path}: ${at}`, issue?.message);
  }
  if (parsed.data.name !== name) {
    throw corrupt(`${path}: name`, `the file’s name says ${name}`);
  }
  return parsed.data;
}

/** Aliases are looked up here: one without an anchor, or one of a great many, throws. */
function valueOf(document: Document.Parsed, path: string): unknown {
  try {
    return document.toJS();
  } catch {
    throw corrupt(path, 'a YAML alias (*name) in it cannot be resolved');
  }
}

function keyPath(issue: zod.core.$ZodIssue): string {
  const keys = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  return [...issue.path.map(String), ...keys].join('.');
}

function corrupt(subject: string, reason: string | undefined): ValetkeyError {
  return new ValetkeyError('CATALOG_CORRUPT', {
    subject,
    ...(reason === undefined ? {} : { reason }),
    hint: 'mend the file by hand or restore it; the other connectors are not affected',
  });
}

/** A record as text. With the file's `previous` text, what a person wrote beside it (comments) stays. */
export function renderRecord(record: ConnectorRecord, previous?: string): string {
  const plain = pruned(record);
  if (previous === undefined) return stringify(plain);
  const document = parseDocument(previous);
  if (document.errors.length > 0 || !isMap(document.contents)) return stringify(plain);
  for (const key of Object.keys(document.toJS() as object)) {
    if (!(key in plain)) document.delete(key);
  }
  const before = document.toJS() as Record<string, unknown>;
  for (const [key, value] of Object.entries(plain)) {
    if (JSON.stringify(before[key]) !== JSON.stringify(value)) document.set(key, value);
  }
  return document.toString();
}

function pruned(record: ConnectorRecord): Record<string, unknown> {
  const empty = (value: unknown) =>
    value === undefined ||
    value === false ||
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(record).filter(([, value]) => !empty(value)));
}
