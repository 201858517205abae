import type { Clock } from '../core/clock.ts';
import type { Issued } from '../core/credential.ts';
import { ValetkeyError } from '../core/errors.ts';

/** What `flight` brings, if it does within `waitMs`; throws `NOT_READY` otherwise and lets it go on. */
export async function waitFor(
  flight: Promise<Issued>,
  waitMs: number,
  clock: Clock,
): Promise<Issued> {
  const patience = new AbortController();
  const giveUp = clock.sleep(waitMs, patience.signal).then(
    () => {
      throw notReady();
    },
    () => flight,
  );
  try {
    return await Promise.race([flight, giveUp]);
  } finally {
    patience.abort();
  }
}

export function notReady(): ValetkeyError {
  return new ValetkeyError('NOT_READY', { hint: 'ask again in a moment' });
}
