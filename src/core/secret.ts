import { inspect } from 'node:util';

/** A value that prints as `[redacted]` everywhere until `reveal()` is called at its one point of use. */
export interface Secret {
  reveal(): string;
  toString(): string;
  toJSON(): string;
}

const REDACTED = '[redacted]';

/** Wraps a value; string conversion, JSON, `util.inspect` and loggers all show `[redacted]`. */
export function secret(value: string): Secret {
  const hidden = {
    reveal: () => value,
    toString: () => REDACTED,
    toJSON: () => REDACTED,
    [inspect.custom]: () => REDACTED,
  };
  return Object.freeze(hidden);
}

export function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && 'reveal' in value;
}
