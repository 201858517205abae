import type { z } from 'zod';

import { ValetkeyError } from '../../core/errors.ts';

/** A configuration by its method's schema. Throws `INPUT_INVALID` naming the field, without its value. */
export function checkedConfig<S extends z.ZodType>(
  { kind, config: schema }: { readonly kind: string; readonly config: S },
  config: object,
): z.output<S> {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const missing = issue?.code === 'invalid_type' && issue.input === undefined;
  const reason = missing ? 'it is required' : (issue?.message ?? 'it is not valid');
  throw new ValetkeyError('INPUT_INVALID', {
    subject: unknown ?? issue?.path.map(String).join('.') ?? 'config',
    reason: unknown === undefined ? reason : `${kind} has no such field`,
  });
}
