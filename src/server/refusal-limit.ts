/** Refusals told to telemetry: so many at once, then so many a second. */
const REPORTS = { burst: 20, perSecond: 5 };

/** Refusals answered in full: far above what a misconfigured client causes by retrying. */
const ANSWERS = { burst: 1000, perSecond: 200 };

/** A token bucket on a monotonic clock (ms). */
function createBucket(limit: { burst: number; perSecond: number }, monotonic: () => number) {
  let level = limit.burst;
  let at = monotonic();
  return (): boolean => {
    const now = monotonic();
    level = Math.min(limit.burst, level + ((now - at) / 1000) * limit.perSecond);
    at = now;
    if (level < 1) return false;
    level -= 1;
    return true;
  };
}

export interface RefusalLimit {
  /** May one more refusal of the guard be answered in full, or is it 429 and the end of the connection? */
  answer(): boolean;
  /** May one more refusal be reported? If so, how many were not since the last one that was. */
  report(): { readonly unreported: number } | undefined;
}

/**
 * Bounds what refused requests cost: per listener, and only for them. What is served is never
 * limited, so that a noisy neighbour cannot lock out a client that does everything right, and so that
 * a wrong secret stays a 403 however often it is tried (at 256 bits guessing needs no brake).
 */
export function createRefusalLimit(monotonic: () => number): RefusalLimit {
  const answer = createBucket(ANSWERS, monotonic);
  const mayReport = createBucket(REPORTS, monotonic);
  let unreported = 0;
  return {
    answer,
    report() {
      if (!mayReport()) {
        unreported += 1;
        return undefined;
      }
      const report = { unreported };
      unreported = 0;
      return report;
    },
  };
}
