/** An object's name as one path segment. */
export function encodeName(name: string): string {
  return encodeURIComponent(name);
}
