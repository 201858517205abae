import { z } from 'zod';

import { ValetkeyError } from '../core/errors.ts';
import { secret } from '../core/secret.ts';
import type { SecretFields } from './contract.ts';

/**
 * The most one item may hold, in bytes: what a Kubernetes Secret may, so that every item fits every
 * store. https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size
 */
export const ITEM_MAX_BYTES = 1_048_576;

/** A field's name: also a file's name in a mounted Secret, where a leading dot is the kubelet's own. */
export const FieldName = z.string().regex(/^[A-Za-z0-9][\w.-]{0,127}$/);

/** An item as it is written down: a flat JSON object of strings. */
export const PlainFields = z.record(FieldName, z.string());
export type PlainFields = Readonly<z.infer<typeof PlainFields>>;

/** The one place where fields are revealed to be stored; refuses what could not be read again. */
export function toPlain(fields: SecretFields): PlainFields {
  const plain = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value.reveal()]),
  );
  if (!PlainFields.safeParse(plain).success) {
    throw new ValetkeyError('INPUT_INVALID', {
      reason: 'a secret field has a name that cannot be stored',
      hint: 'use letters, digits, dots, dashes and underscores, 128 at most',
    });
  }
  if (Buffer.byteLength(JSON.stringify(plain)) > ITEM_MAX_BYTES) {
    throw new ValetkeyError('INPUT_INVALID', {
      reason: `the secret is larger than ${ITEM_MAX_BYTES / 1024} KiB`,
      hint: 'store a key, not a file tree: no cloud credential is this large',
    });
  }
  return plain;
}

export function fromPlain(plain: PlainFields): SecretFields {
  return Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, secret(value)]));
}

/** `undefined` when the text is not an item of ours; what it says is never quoted. */
export function parseItem(text: string): SecretFields | undefined {
  try {
    return fromPlain(PlainFields.parse(JSON.parse(text)));
  } catch {
    return undefined;
  }
}
