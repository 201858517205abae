import type { Clock } from '../../core/clock.ts';
import { ValetkeyError } from '../../core/errors.ts';
import { CODE_EXPIRED, PENDING, SLOW_DOWN } from './sso-errors.ts';

const POLL_SECONDS = 5; // RFC 8628, section 3.2: when the server names none
const SLOW_DOWN_SECONDS = 5; // RFC 8628, section 3.5

export interface DevicePoll<T> {
  readonly clock: Clock;
  /** Seconds between two questions, as the server wishes. */
  readonly interval: number | undefined;
  /** ms since the epoch; the code is worthless from then on. */
  readonly expiresAt: number;
  /** Asks once. Throws `ValetkeyError` with the server's word as `upstreamCode`. */
  ask(signal: AbortSignal): Promise<T>;
}

/**
 * Asks until the person has decided or the code has expired; at no faster pace than the server
 * wishes, and on through outages. RFC 8628, sections 3.4 and 3.5.
 */
export async function pollDevice<T>(poll: DevicePoll<T>, signal: AbortSignal): Promise<T> {
  const { clock, expiresAt } = poll;
  let seconds = poll.interval ?? POLL_SECONDS;
  /* oxlint-disable no-await-in-loop -- one question after the other is the protocol */
  for (;;) {
    await clock.sleep(seconds * 1000, signal);
    if (clock.now() >= expiresAt) throw tooLate();
    try {
      return await poll.ask(signal);
    } catch (error) {
      if (!(error instanceof ValetkeyError)) throw error;
      if (error.upstreamCode === SLOW_DOWN) seconds += SLOW_DOWN_SECONDS;
      else if (error.upstreamCode === CODE_EXPIRED) throw tooLate(error);
      else if (error.upstreamCode !== PENDING && error.code !== 'UPSTREAM_UNAVAILABLE') throw error;
    }
  }
  /* oxlint-enable no-await-in-loop */
}

function tooLate(cause?: unknown): ValetkeyError {
  return new ValetkeyError('UPSTREAM_DENIED', {
    reason: 'the code was not confirmed in time',
    hint: 'start the login again',
    cause,
  });
}
