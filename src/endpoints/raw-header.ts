/**
 * The value of a header that is there once, from names and values in turn. `undefined` when it is
 * absent or repeated. `name` is in lower case.
 */
export function singleHeader(rawHeaders: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const given = rawHeaders[i];
    if (given?.length !== name.length || given.toLowerCase() !== name) continue;
    if (value !== undefined) return undefined;
    value = rawHeaders[i + 1];
  }
  return value;
}

/** Does a body follow these headers? RFC 9112 section 6.3. */
export function declaresBody(rawHeaders: readonly string[]): boolean {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase();
    if (name === 'transfer-encoding') return true;
    if (name === 'content-length' && rawHeaders[i + 1] !== '0') return true;
  }
  return false;
}
