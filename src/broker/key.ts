import { createHash } from 'node:crypto';

import type { IssueRequest, ResourceRequest, TokenChoice } from '../core/credential.ts';

const keys = new WeakMap<IssueRequest, string>();

/**
 * The cache key of a request: everything that changes the credential, in one canonical form, hashed.
 * The connector's own configuration is not in it: a changed connector drops its entries instead.
 * Remembered per request object, since a hot request is asked with the same object each time.
 */
export function keyOf(request: IssueRequest): string {
  const known = keys.get(request);
  if (known !== undefined) return known;
  const resources = request.resources.map(resourceText).sort();
  const { connector, seconds, token } = request;
  const text = JSON.stringify([connector, resources, seconds ?? null, chosen(token)]);
  const key = createHash('sha256').update(text).digest('base64url');
  keys.set(request, key);
  return key;
}

function resourceText({ type, id, access, scopes }: ResourceRequest): string {
  return JSON.stringify([type, id ?? null, access, scopes ?? null]);
}

function chosen(token: TokenChoice | undefined): readonly unknown[] {
  if (token === undefined) return [];
  return [token.kind, token.kind === 'id-token' ? token.audience : token.scopes];
}
