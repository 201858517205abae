import { credentialId } from '../core/credential.ts';
import type { Issued } from '../core/credential.ts';
import { ERRORS, toValetkeyError, ValetkeyError } from '../core/errors.ts';
import { subjectOf } from '../core/events.ts';
import type { ConnectorName } from '../core/ids.ts';
import {
  dueForRenewal,
  instant,
  isIdle,
  isSame,
  mayReplace,
  newEntry,
  remaining,
} from './entry.ts';
import type { Entry } from './entry.ts';
import type { Broker, BrokerOptions, GetCredential, Issuer } from './contract.ts';
import { keyOf } from './key.ts';
import { renewAfter, RENEWAL, retryAfter } from './renewal.ts';
import { createTables } from './tables.ts';
import { notReady, waitFor } from './wait.ts';

const TICK_MS = 10_000; // how late a renewal, a step or a resume may be noticed without a request
const STEP_MS = 2_000; // wall and monotonic clock drift apart slower than this in one tick
const MOST_RENEWALS = 32; // at once, when a machine wakes up with every key due
const MOST_WAIT_MS = 60_000; // after a failure, whatever a cloud asks for
const FLIGHT_MS = 30_000; // an upstream call that takes longer is given up

/** Holds live credentials and keeps them live. */
export function createBroker(options: BrokerOptions): Broker {
  const { issue, clock, events, renewal = RENEWAL, random = Math.random } = options;
  const tables = createTables(options.capacity ?? 1_000);
  const stopping = new AbortController();
  let flying = 0;

  const get: GetCredential = (request, waitMs, unwanted) => {
    const key = keyOf(request);
    const entries = tables.of(request);
    let entry = entries.get(key);
    if (entry === undefined) {
      entry = newEntry(request);
      if (!tables.isCrowded(request)) entries.set(key, entry);
    }
    const at = instant(clock);
    entry.askedAt = at.monotonic;
    if (entry.issued !== undefined && remaining(entry, at) > 0) {
      if (unwanted?.(entry.issued) === true && mayReplace(entry, at)) {
        return waitFor(fly(entry, entry.issued), waitMs, clock);
      }
      if (dueForRenewal(entry, at)) void fly(entry);
      return entry.issued;
    }
    const { failure } = entry;
    if (entry.flight === undefined && failure !== undefined && at.monotonic < failure.until) {
      return Promise.reject(failure.error);
    }
    if (entry.flight === undefined && tables.isCrowded(request)) return Promise.reject(notReady());
    return waitFor(entry.flight ?? fly(entry), waitMs, clock);
  };

  /** Starts the one upstream call of an entry. Its failure is kept in the entry, so it may go unawaited. */
  function fly(entry: Entry, held?: Issued): Promise<Issued> {
    const startedAt = clock.monotonic();
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(FLIGHT_MS)]);
    const { request } = entry;
    const flight = tables
      .inTurn(request, () => ask(request, signal, held))
      .then((issued) => land(entry, issued, startedAt))
      .catch((error: unknown) => {
        throw fail(entry, toValetkeyError(error));
      })
      .finally(() => (entry.flight = undefined));
    entry.flight = flight;
    flight.catch(() => {});
    return flight;
  }

  async function ask(...asked: Parameters<Issuer>): Promise<Issued> {
    flying += 1;
    try {
      return await issue(...asked);
    } finally {
      flying -= 1;
    }
  }

  function land(entry: Entry, issued: Issued, startedAt: number): Issued {
    const monotonic = clock.monotonic();
    const { expiresAt, issuedAt } = issued.credential;
    // A clock that was set back since it was issued gives it no more life than it ever had.
    const life = Math.min(expiresAt - clock.now(), expiresAt - issuedAt);
    if (life <= 0) throw new ValetkeyError('CREDENTIAL_EXPIRED');
    const previous = entry.issued;
    const gained = previous === undefined || expiresAt > previous.credential.expiresAt;
    // The same credential once more is no other one: whoever holds it is on record already.
    entry.issued = isSame(previous, issued) ? previous : issued;
    entry.obtainedAt = monotonic;
    entry.endsAt = monotonic + life;
    entry.renewAt = monotonic + renewAfter(life, random(), renewal);
    entry.failure = undefined;
    // A source that cannot give more life yet (a stored session), or never gives enough, is not
    // asked in a tight loop.
    entry.restsUntil =
      monotonic + (gained ? Math.min(renewal.restMs, life / 3) : retryAfter('no', 0, 0));
    if (gained) {
      events.emit({
        type: 'obtained',
        at: clock.now(),
        subject: subjectOf(entry.request),
        credentialId: credentialId(issued.credential),
        expiresAt,
        renewal: previous !== undefined,
        tookMs: monotonic - startedAt,
      });
    }
    return entry.issued;
  }

  function fail(entry: Entry, error: ValetkeyError): ValetkeyError {
    const attempt = entry.failure === undefined ? 0 : entry.failure.attempt + 1;
    const leftMs = remaining(entry, instant(clock));
    const backoffMs = retryAfter(ERRORS[error.code].retry, attempt, random(), leftMs);
    const retryInMs = Math.max(backoffMs, Math.min(error.retryAfterMs ?? 0, MOST_WAIT_MS));
    entry.failure = { error, until: clock.monotonic() + retryInMs, attempt };
    const live = leftMs > 0 ? entry.issued : undefined;
    entry.issued = live;
    // What is broken off at the end is nobody's failure.
    if (stopping.signal.aborted) return error;
    events.emit({
      type: 'failed',
      at: clock.now(),
      subject: subjectOf(entry.request),
      code: error.code,
      upstreamCode: error.upstreamCode,
      cause: error,
      retryInMs,
      servingUntil: live?.credential.expiresAt,
    });
    return error;
  }

  /** Renews ahead of time what is still being asked for; drops what nobody asks for any more. */
  function sweep(): void {
    const at = instant(clock);
    for (const [key, entry, entries] of tables.all()) {
      const life = entry.endsAt - entry.obtainedAt;
      const wanted = at.monotonic - entry.askedAt <= life;
      if (entry.issued !== undefined && wanted && dueForRenewal(entry, at)) {
        if (flying < MOST_RENEWALS) void fly(entry); // else at the next look
      } else if (!wanted && isIdle(entry, at)) entries.delete(key);
    }
  }

  async function watchTime(): Promise<void> {
    let wall = clock.now();
    let monotonic = clock.monotonic();
    for (;;) {
      await clock.sleep(TICK_MS, stopping.signal);
      const byMs = clock.now() - wall - (clock.monotonic() - monotonic);
      wall = clock.now();
      monotonic = clock.monotonic();
      if (Math.abs(byMs) > STEP_MS) {
        events.emit({ type: 'clock-stepped', at: wall, byMs });
        forgive();
        // By a clock that was set back all that is held ends too late, and clients are told so.
        if (byMs < 0) for (const [, entry] of tables.all()) entry.renewAt = monotonic;
      }
      sweep();
    }
  }

  /** After a sleep or a clock change, what failed before says nothing about now. */
  function forgive(connector?: ConnectorName): void {
    for (const [, entry] of tables.all()) {
      if (connector !== undefined && entry.request.connector !== connector) continue;
      entry.failure = undefined;
      entry.restsUntil = 0;
    }
  }

  watchTime().catch(() => {}); // ends when stop() aborts the sleep

  return {
    get,
    forget(connector) {
      for (const [key, entry, entries] of tables.all()) {
        if (connector === undefined || entry.request.connector === connector) entries.delete(key);
      }
    },
    forgive,
    entries: () =>
      tables.all().flatMap(([, entry]) =>
        entry.issued === undefined
          ? []
          : [
              {
                issued: entry.issued,
                renewsAt: clock.now() + Math.max(0, entry.renewAt - clock.monotonic()),
                lastError: entry.failure?.error,
              },
            ],
      ),
    stop: () => stopping.abort(),
  };
}
