/** A text field of a configuration that is not typed here: a resource type sees every method's. */
export function textOf(
  config: Readonly<Record<string, unknown>>,
  field: string,
): string | undefined {
  const value = config[field];
  return typeof value === 'string' ? value : undefined;
}
