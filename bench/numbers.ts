export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value at `part` (0 to 1) of the sorted values; NaN of none. */
export function quantile(values: ArrayLike<number>, part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/**
 * How many times `a` is of `b`: the median over pairs measured right after one another, which a
 * machine that changes its speed meanwhile disturbs less than a ratio of two medians.
 */
export function pairedRatio(a: readonly number[], b: readonly number[]): number {
  return median(a.map((value, i) => value / (b[i] ?? Number.NaN)));
}
