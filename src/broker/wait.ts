import type { Clock } from '../core/clock.ts';
import type { Issued } from '../core/credential.ts';
import { toValetkeyError, ValetkeyError } from '../core/errors.ts';

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

/** What an upstream call threw, as ours. That it was given up after so long is no fault inside. */
export function failureOf(thrown: unknown): ValetkeyError {
  const error = toValetkeyError(thrown);
  const { code, cause, subject } = error;
  const late = code === 'INTERNAL' && cause instanceof Error && cause.name === 'TimeoutError';
  if (!late) return error;
  const about = subject === undefined ? {} : { subject };
  return new ValetkeyError('UPSTREAM_UNAVAILABLE', {
    ...about,
    reason: 'it takes too long',
    cause,
  });
}
