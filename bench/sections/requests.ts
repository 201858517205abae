import type { Target } from '../exchange.ts';
import type { LoadResult } from '../load-orders.ts';
import { median, pairedRatio } from '../numbers.ts';
import type { Pair } from '../pair.ts';
import { milliseconds, whole } from '../report.ts';
import type { Figure, Goal, Section } from '../report.ts';
import type { Bench } from './bench.ts';

interface Round extends LoadResult {
  readonly cost: number;
}

export interface Kind {
  readonly title: string;
  readonly requests: number;
  readonly connections: number;
  readonly fresh: boolean;
  /** False for what the bare server has no part in, so that its figures are no measure. */
  readonly comparable?: boolean;
}

const SPEED: Goal = { atLeast: 0.9 };
const TAIL: Goal = { atMost: 1.3 };
const COST: Goal = { atMost: 1.15 };

/** Speed, latency and cost of one request, in rounds by turns. */
export async function measureRequests(
  { load, cost, plan }: Bench,
  pair: Pair,
  target: Target,
  kind: Kind,
): Promise<Section> {
  const round = async (server: Pair['bare'], requests: number): Promise<Round> => {
    const order = pair.order(server, target, { ...kind, requests });
    const measured = await cost.during(server.pid, () => load.run(order));
    return { ...measured.result, cost: measured.cost / requests };
  };
  const ours: Round[] = [];
  const theirs: Round[] = [];
  // Once for nothing: compilers have to see the code before it is judged.
  for (const server of [pair.valetkey, pair.bare]) await round(server, kind.requests);
  for (let i = 0; i < plan.rounds; i++) {
    // Who goes first changes, so that what drifts favours neither.
    const first = i % 2 === 0;
    if (first) ours.push(await round(pair.valetkey, kind.requests));
    theirs.push(await round(pair.bare, kind.requests));
    if (!first) ours.push(await round(pair.valetkey, kind.requests));
  }
  const figures = figuresOf(ours, theirs, cost.unit).map(({ goal, ...figure }) =>
    goal === undefined || kind.comparable === false ? figure : { ...figure, goal },
  );
  return { title: kind.title, figures };
}

function figuresOf(
  ours: readonly Round[],
  theirs: readonly Round[],
  unit: string,
): readonly Figure[] {
  const figure = (
    name: string,
    of: (round: Round) => number,
    text: (value: number) => string,
    goal?: Goal,
  ): Figure => ({
    name,
    valetkey: text(median(ours.map(of))),
    bare: text(median(theirs.map(of))),
    ratio: pairedRatio(ours.map(of), theirs.map(of)),
    ...(goal === undefined ? {} : { goal }),
  });
  // Coarse ticks are counted over all rounds, not one by one.
  const total = (rounds: readonly Round[]) =>
    rounds.reduce((sum, { cost }) => sum + cost, 0) / rounds.length;
  return [
    figure('requests per second', ({ perSecond }) => perSecond, whole, SPEED),
    figure('p50', ({ p50Ms }) => p50Ms, milliseconds),
    figure('p99', ({ p99Ms }) => p99Ms, milliseconds, TAIL),
    {
      name: `${unit} per request`,
      valetkey: total(ours).toFixed(1),
      bare: total(theirs).toFixed(1),
      ratio: total(ours) / total(theirs),
      goal: COST,
    },
  ];
}
