import { hash } from 'node:crypto';

/** A bearer token has no public part, so it is named by its digest: 80 bits, not reversible. */
export function tokenId(token: string): string {
  return `tok-${hash('sha256', token, 'hex').slice(0, 20)}`;
}
