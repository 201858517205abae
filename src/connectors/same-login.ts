import type { SecretFields } from '../stores/contract.ts';

/** Is it the login that it was, to the letter? */
export function isSameLogin(
  one: SecretFields | undefined,
  other: SecretFields | undefined,
): boolean {
  if (one === undefined || other === undefined) return one === other;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => one[name]?.reveal() === other[name]?.reveal());
}
