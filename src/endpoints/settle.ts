/**
 * Goes on with a value that is there already, or waits for it. A cached credential is answered
 * without a promise: at 100,000 answers a second the microtasks would cost as much as the work.
 */
export function whenReady<T, R>(
  value: T | Promise<T>,
  next: (value: T) => R | Promise<R>,
): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
