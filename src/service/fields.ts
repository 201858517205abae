import { isDeepStrictEqual } from 'node:util';

import type { AuthMethod } from '../connectors/contract.ts';
import { checked, parseConfig } from '../connectors/input.ts';
import { ValetkeyError } from '../core/errors.ts';
import { secret } from '../core/secret.ts';
import type { Secret } from '../core/secret.ts';

export interface SortedFields {
  readonly config: Readonly<Record<string, unknown>>;
  readonly secret: Readonly<Record<string, Secret>>;
}

/**
 * A person's attributes, sorted into public configuration and secret by the method's schemas and
 * checked. Throws `INPUT_INVALID` with the field's name; a value is never repeated.
 */
export function sortAttributes(
  method: AuthMethod,
  attributes: Readonly<Record<string, unknown>>,
): SortedFields {
  const config: Record<string, unknown> = {};
  const hidden: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (name in method.secret.shape) hidden[name] = value;
    else if (name in method.config.shape) config[name] = value;
    else throw unknownField(method, name);
  }
  const secrets = checked(method.secret, hidden) as Readonly<Record<string, string>>;
  const sorted = Object.fromEntries(
    Object.entries(withoutUndefined(secrets)).map(([name, value]) => [name, secret(String(value))]),
  );
  const parsed = withoutUndefined(parseConfig(method, config));
  return { config: completed(method, parsed, sorted), secret: sorted };
}

/** With what the secret tells of itself; what was given wins. Throws what is wrong with the secret. */
export function completed(
  method: AuthMethod,
  config: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, Secret>>,
): Record<string, unknown> {
  if (method.complete === undefined) return { ...config };
  const found = withoutUndefined(method.complete(config, fields));
  return withoutUndefined(parseConfig(method, { ...found, ...config }));
}

/**
 * A configuration without what its secret and the rest of it told: the next one is to tell that anew,
 * and what a person wrote over it stays. Facts of a secret that is not understood any more are kept.
 */
export function withoutTold(
  method: AuthMethod,
  config: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, Secret>>,
): Record<string, unknown> {
  const told = toldBy(method, config, fields);
  return Object.fromEntries(
    Object.entries(config).filter(([name, value]) => !isDeepStrictEqual(told[name], value)),
  );
}

function toldBy(
  method: AuthMethod,
  config: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, Secret>>,
): Readonly<Record<string, unknown>> {
  try {
    return method.complete?.(config, fields) ?? {};
  } catch {
    return {};
  }
}

function unknownField(method: AuthMethod, name: string): ValetkeyError {
  const known = [...Object.keys(method.config.shape), ...Object.keys(method.secret.shape)];
  return new ValetkeyError('INPUT_INVALID', {
    subject: name,
    reason: `${method.kind} has no such field`,
    hint: `its fields are: ${known.join(', ')}`,
  });
}

function withoutUndefined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** A date as a person writes it: ISO 8601, or `YYYY-MM-DD HH:MM:SS` meaning UTC. To ISO text. */
export function parseExpiry(text: string, now: number): string {
  const iso = /^\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)?)?$/.test(text)
    ? text.replace(' ', 'T')
    : text;
  const zoned = /^\d{4}-\d\d-\d\dT[\d:.]+$/.test(iso) ? `${iso}Z` : iso;
  const time = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(zoned)
    ? Date.parse(zoned)
    : Number.NaN;
  if (Number.isNaN(time) || !isDay(zoned)) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'expires_at',
      reason: 'it is not a date',
      hint: "write it like '2026-12-31 23:59:59' (UTC) or 2026-12-31T23:59:59Z",
    });
  }
  if (time <= now) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'expires_at',
      reason: 'it is in the past',
    });
  }
  return new Date(time).toISOString();
}

/** The 30th of February would be read as a day in March. */
function isDay(text: string): boolean {
  const day = text.slice(0, 10);
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
}
