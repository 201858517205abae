import type { z } from 'zod';

import { ValetkeyError } from '../core/errors.ts';
import type { AuthMethod, Lifetime } from './contract.ts';

/* What a person wrote, checked against the registries and a method's schemas. */

/** An entry of a registry by the name a person wrote. Throws `INPUT_INVALID` listing what there is. */
export function lookup<T>(registry: Readonly<Record<string, T>>, kind: string, field: string): T {
  const found = Object.hasOwn(registry, kind) ? registry[kind] : undefined;
  if (found === undefined) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: field,
      reason: `there is no ${field.replace('_', ' ')} ‘${kind}’`,
      hint: `use one of: ${Object.keys(registry).join(', ')}`,
    });
  }
  return found;
}

/** A method's public configuration, checked. Throws `INPUT_INVALID` with the field's name. */
export function parseConfig(method: AuthMethod, config: unknown): Record<string, unknown> {
  return checked(method.config, config);
}

/** Any value by a schema, an error naming the field. The offending value is not repeated: it may be secret. */
export function checked<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const keys = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const subject = [...(issue?.path.map(String) ?? []), ...keys].join('.');
  const missing = issue?.code === 'invalid_type' && issue.input === undefined;
  throw new ValetkeyError('INPUT_INVALID', {
    ...(subject === '' ? {} : { subject }),
    reason:
      keys.length > 0
        ? 'there is no such field'
        : missing
          ? 'it is required'
          : (issue?.message ?? 'it is not valid'),
  });
}

/** The lifetime to ask for, seconds. Throws `INPUT_INVALID` when it is outside the method's limits. */
export function secondsFor(
  method: AuthMethod,
  config: Record<string, unknown>,
  asked: number | undefined,
): number {
  const limits: Lifetime | undefined = method.lifetimeOf?.(config) ?? method.lifetime;
  if (limits === undefined) {
    if (asked === undefined) return 0;
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'expiration_seconds',
      reason: `${method.kind} cannot choose how long its credentials live`,
    });
  }
  const seconds = asked ?? Math.min(limits.default, limits.max);
  if (seconds < limits.min || seconds > limits.max) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'expiration_seconds',
      reason: `${seconds} s is outside ${limits.min} to ${limits.max} s`,
    });
  }
  return seconds;
}
