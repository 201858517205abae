import { ERRORS } from '../core/errors.ts';

/*
 * Vendor text goes to the log only, and only after this: anything that could be a key, a token or a
 * signature is cut out. Coarse on purpose; a log that says less is better than one that says too much.
 */

const LONGEST = 600;
/** What stands behind such a name. */
const NAMED =
  /(\w*(?:secret|token|password|passphrase|signature|authorization|credential)\w*)(["']?\s*[=:]\s*["']?)[^\s"'&,<>]+/gi;
const PATTERNS: readonly [RegExp, string][] = [
  [/-----BEGIN [^-]+-----[\s\S]*?(-----END [^-]+-----|$)/g, '[redacted key]'],
  [/\beyJ[\w-]+\.[\w-]+(\.[\w-]*)?/g, '[redacted jwt]'],
  [/\bAGE-SECRET-KEY-1\w+/g, '[redacted key]'],
  [/[A-Za-z0-9+/_=-]{28,}/g, '[redacted]'],
];

/** Text that may be logged, at most 600 characters, control characters escaped. */
export function redact(text: string): string {
  let safe = text;
  for (const [pattern, replacement] of PATTERNS) safe = safe.replace(pattern, replacement);
  // What stands behind one of our own codes is our own text.
  safe = safe.replace(NAMED, (all: string, name: string, between: string) =>
    Object.hasOwn(ERRORS, name) ? all : `${name}${between}[redacted]`,
  );
  safe = safe.replace(/\p{Cc}/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return safe.length > LONGEST ? `${safe.slice(0, LONGEST)}…` : safe;
}

/** The chain of causes of an error, each as redacted text. */
export function redactedCauses(error: unknown): readonly string[] {
  const causes: string[] = [];
  for (
    let current = error;
    current instanceof Error && causes.length < 5;
    current = current.cause
  ) {
    causes.push(redact(`${current.name}: ${current.message}`));
  }
  return causes;
}
