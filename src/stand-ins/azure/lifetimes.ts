/** Seconds. https://learn.microsoft.com/entra/identity-platform/access-tokens#token-lifetime */
const SHORTEST = 3600;
const LONGEST = 5400;

/** Entra gives access tokens a random life of 60 to 90 minutes; the same seed gives the same row. */
export function createLifetimes(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // mulberry32: small, and good enough to be unlike a constant.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const share = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    return SHORTEST + Math.floor(share * (LONGEST - SHORTEST + 1));
  };
}
