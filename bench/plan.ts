/** How much is measured. Everything is bounded by counts, never by a wish for stable figures. */
export interface Plan {
  /** Pairs of rounds, valetkey and bare server in turn. */
  readonly rounds: number;
  /** Requests of one round on kept connections. */
  readonly requests: number;
  readonly connections: number;
  /** Connections of one round with one request each, and how many at a time. */
  readonly singles: number;
  readonly singlesAtOnce: number;
  /** Starts of each program. */
  readonly starts: number;
  /** Runs of each helper. */
  readonly helpers: number;
  /** Requests before the first and the last look at resident memory. */
  readonly memory: readonly [first: number, last: number];
}

export const FULL: Plan = {
  rounds: 11,
  requests: 60_000,
  connections: 50,
  singles: 3_000,
  singlesAtOnce: 10,
  starts: 21,
  helpers: 21,
  memory: [100_000, 1_000_000],
};

/** For a look while working: the same measurements, noisier. */
export const QUICK: Plan = {
  ...FULL,
  rounds: 5,
  requests: 20_000,
  singles: 1_000,
  starts: 7,
  helpers: 7,
  memory: [20_000, 100_000],
};
