/**
 * The path of a request target or URL path as our routes know it: no query, repeated slashes
 * collapsed, no trailing slash. Some clients write `//latest/…` (an endpoint variable that ends in a
 * slash) and some leave the last slash out.
 */
export function normalPath(target: string): string {
  const query = target.indexOf('?');
  let path = query === -1 ? target : target.slice(0, query);
  if (path.includes('//')) path = path.replaceAll(/\/{2,}/g, '/');
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** The same for a whole request, as Hono's `getPath`. Percent signs stay: parameters are decoded one by one. */
export function requestPath(request: Request): string {
  return normalPath(requestTarget(request));
}

/** Path and query as they were sent. */
export function requestTarget({ url }: Request): string {
  return url.slice(url.indexOf('/', url.indexOf('://') + 3));
}

/** Is `path` the prefix itself, or below it? Both without a trailing slash. */
export function isUnder(path: string, prefix: string): boolean {
  return (
    path.startsWith(prefix) &&
    (path.length === prefix.length || path.charCodeAt(prefix.length) === 47) // "/"
  );
}
