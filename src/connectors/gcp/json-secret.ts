import type { z } from 'zod';

import { ValetkeyError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';

/** A secret that should be a JSON object. Throws `INPUT_INVALID`; the parser's own words would quote it. */
export function objectIn(text: Secret, subject: string): Readonly<Record<string, unknown>> {
  const value = parsed(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw invalid(
    subject,
    value === undefined ? 'it is no JSON' : 'it is no JSON object',
    'give the whole file, as it was written by Google’s tools, in UTF-8',
  );
}

/** By its schema; the reason names the first wrong field and never repeats a value. */
export function fieldsIn<S extends z.ZodType>(
  schema: S,
  value: unknown,
  subject: string,
): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join('.') ?? '';
  const missing = issue?.code === 'invalid_type' && issue.input === undefined;
  const why = missing ? 'it is required' : (issue?.message ?? 'it is not valid');
  throw invalid(subject, field === '' ? why : `${field}: ${why}`);
}

export function invalid(subject: string, reason: string, hint?: string): ValetkeyError {
  return new ValetkeyError('INPUT_INVALID', {
    subject,
    reason,
    ...(hint === undefined ? {} : { hint }),
  });
}

function parsed(text: Secret): unknown {
  try {
    // Editors and shells of Windows put a byte order mark before it.
    return JSON.parse(text.reveal().replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}
