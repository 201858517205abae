import { z } from 'zod';

import { ValetkeyError } from '../../core/errors.ts';
import { SecretId } from '../../core/ids.ts';
import { PlainFields } from '../item.ts';

/** What is inside the age file. */
const Content = z.strictObject({
  version: z.literal(1),
  items: z.record(SecretId, PlainFields),
});

export type Items = ReadonlyMap<SecretId, PlainFields>;

export function formatContent(items: Items): string {
  return `${JSON.stringify({ version: 1, items: Object.fromEntries(items) }, undefined, 2)}\n`;
}

export function parseContent(text: string, path: string): Items {
  const content = Content.safeParse(parseJson(text));
  if (!content.success) {
    // The schema's complaint is dropped, for it may quote a value.
    throw new ValetkeyError('STORE_CORRUPT', {
      subject: path,
      reason: 'it decrypts, but not to what valetkey keeps in it',
      hint: 'look inside with: age -d; then restore the file from a backup',
    });
  }
  return new Map(
    Object.entries(content.data.items).map(([id, fields]) => [SecretId.parse(id), fields]),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
