import type { Event, Listener } from '../core/events.ts';
import { redact, redactedCauses } from './redact.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';
interface Line {
  readonly level: Level;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** Lines about one kind of refusal per minute at most: a flood must not fill a disk (invariant 8). */
const REFUSALS_PER_MINUTE = 60;
const MINUTE_MS = 60_000;

export interface Log {
  readonly listen: Listener;
  /** What no event tells: a fault of telemetry itself. */
  problem(message: string, error: unknown): void;
  flush(): Promise<void>;
}

/**
 * The log: one JSON object a line on `destination`. The logging library is loaded with the first
 * line, so that it costs nothing at start. Never a secret; vendor text only redacted.
 */
export function createLog(level: () => Level, destination: NodeJS.WritableStream): Log {
  let last: Promise<unknown> = Promise.resolve();
  const ready = () =>
    import('pino').then(({ pino }) =>
      pino(
        { level: level(), base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` },
        destination,
      ),
    );
  let logger: ReturnType<typeof ready> | undefined;
  const limit = refusalLimit();

  function write({ level: lineLevel, fields, message }: Line): void {
    logger ??= ready();
    last = logger.then((open) => {
      open.level = level(); // changes with a reload
      open[lineLevel](fields, message);
    });
  }

  return {
    listen(event) {
      if (event.type === 'answered') return;
      if (event.type === 'refused' && !limit(event.at, event.why)) return;
      write(lineOf(event));
    },
    problem(message, error) {
      write({ level: 'error', fields: { causes: redactedCauses(error) }, message });
    },
    flush: async () => void (await last),
  };
}

function refusalLimit(): (at: number, why: string) => boolean {
  let windowStart = 0;
  const counts = new Map<string, number>();
  return (at, why) => {
    if (Math.abs(at - windowStart) >= MINUTE_MS) {
      windowStart = at;
      counts.clear();
    }
    const count = (counts.get(why) ?? 0) + 1;
    if (counts.size < 100 || counts.has(why)) counts.set(why, count);
    return count <= REFUSALS_PER_MINUTE;
  };
}

function lineOf(event: Exclude<Event, { type: 'answered' }>): Line {
  switch (event.type) {
    case 'issued': {
      const { type, at: _at, expiresAt, ...fields } = event;
      return {
        level: 'info',
        fields: { event: type, ...fields, expiresAt: iso(expiresAt) },
        message: 'handed out',
      };
    }
    case 'obtained': {
      const { type, at: _at, expiresAt, tookMs, ...fields } = event;
      return {
        level: 'info',
        fields: { event: type, ...fields, expiresAt: iso(expiresAt), tookMs: Math.round(tookMs) },
        message: event.renewal ? 'renewed' : 'obtained',
      };
    }
    case 'failed': {
      const { type, at: _at, cause, retryInMs, servingUntil, ...fields } = event;
      return {
        level: servingUntil === undefined ? 'error' : 'warn',
        fields: {
          event: type,
          ...fields,
          retryInMs: Math.round(retryInMs),
          ...(servingUntil === undefined ? {} : { servingUntil: iso(servingUntil) }),
          causes: redactedCauses(cause),
        },
        message: 'the cloud did not give a credential',
      };
    }
    case 'refused': {
      const { type, at: _at, why, ...fields } = event;
      return {
        level: 'warn',
        fields: { event: type, ...fields, why: redact(why) },
        message: 'refused',
      };
    }
    case 'clock-stepped':
      return {
        level: 'warn',
        fields: { event: event.type, byMs: Math.round(event.byMs) },
        message: 'the clock was set, or the machine slept',
      };
    case 'config-reloaded':
      return { level: 'info', fields: { event: event.type }, message: 'configuration reloaded' };
    case 'config-rejected':
      return {
        level: 'error',
        fields: { event: event.type, code: event.code, reason: redact(event.message) },
        message: 'the new configuration is not valid; the running one stays in force',
      };
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
