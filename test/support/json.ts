/** A JSON object's fields; fails on anything else. */
export function fieldsOfJson(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error(`no JSON object: ${text}`);
  return Object.fromEntries(Object.entries(value));
}
