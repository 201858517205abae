const KEPT_CHARS = 2_000;

/** As it is, as a form and a URL have it, and as JSON does, with and without its slashes escaped. */
function formsOf(value: string): readonly string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const form = new URLSearchParams({ v: value }).toString().slice(2);
  return [value, form, encodeURIComponent(value), json, json.replaceAll('/', String.raw`\/`)];
}

/** A cloud's words for a log: nothing that was sent, and no word as long as a token, an assertion or a key. */
export function withoutSecrets(text: string, sent: readonly string[]): string {
  let clean = text;
  for (const form of sent.filter((value) => value !== '').flatMap(formsOf)) {
    clean = clean.replaceAll(form, '[redacted]');
  }
  return clean.replaceAll(/[\w.~+/=-]{40,}/g, '[redacted]').slice(0, KEPT_CHARS);
}
