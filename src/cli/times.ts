const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** Seconds in words: `11h59m56s`. */
export function duration(seconds: number): string {
  let rest = Math.floor(seconds);
  const parts = UNITS.flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? [] : [`${count}${unit}`];
  });
  return parts.length === 0 ? '0s' : parts.join('');
}

/** How long until a point in time (ISO 8601 text): `11h59m56s`, `expired`, or `never` without one. */
export function remaining(until: string | undefined, now: number): string {
  if (until === undefined) return 'never';
  const ms = Date.parse(until) - now;
  return ms <= 0 ? 'expired' : duration(ms / 1000);
}
