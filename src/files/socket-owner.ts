import { statSync } from 'node:fs';
import { dirname } from 'node:path';

import { ValetkeyError } from '../core/errors.ts';

const WRITABLE_BY_OTHERS = 0o022;

/**
 * Refuses a unix socket that another user may have put there: who writes to it tells secrets, who
 * reads from it trusts them. It and its folder must be this user's own or root's, and nobody else may
 * write to the folder. One that is not there is left to whoever connects. Windows has no such owners.
 */
export function refuseForeignSocket(path: string): void {
  const own = process.getuid?.();
  if (own === undefined) return;
  for (const place of [dirname(path), path]) {
    const facts = statSync(place, { throwIfNoEntry: false });
    if (facts === undefined) return;
    if (facts.uid !== own && facts.uid !== 0) refuse(place, 'it belongs to another user');
    if (facts.isDirectory() && (facts.mode & WRITABLE_BY_OTHERS) !== 0) {
      refuse(place, 'others can write to it');
    }
  }
}

function refuse(subject: string, reason: string): never {
  throw new ValetkeyError('UNSAFE_FILE', {
    subject,
    reason,
    hint: 'nothing was sent; run this as the user of the daemon, and keep VALETKEY_HOME where nobody else can write',
  });
}
