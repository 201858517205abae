const KEPT_CHARS = 2_000;

/** A cloud's words for a log: nothing that was sent, and no word as long as a token, an assertion or a key. */
export function withoutSecrets(text: string, sent: readonly string[]): string {
  let clean = text;
  for (const value of sent) if (value !== '') clean = clean.replaceAll(value, '[redacted]');
  return clean.replaceAll(/[\w.~+/=-]{40,}/g, '[redacted]').slice(0, KEPT_CHARS);
}
