export interface Turns {
  /** Do so many wait already that one more had better come again later? */
  isFull(of: string): boolean;
  /** Runs `work`, at once or when it is its turn. */
  take<T>(of: string, work: () => Promise<T>): Promise<T>;
}

interface Lane {
  running: number;
  readonly waiting: (() => void)[];
}

/** Lets `running` pieces of work of one and the same go on at once; the others wait, in order. */
export function createTurns({
  running,
  waiting,
}: {
  readonly running: number;
  readonly waiting: number;
}): Turns {
  const lanes = new Map<string, Lane>();
  return {
    isFull: (of) => (lanes.get(of)?.waiting.length ?? 0) >= waiting,
    async take(of, work) {
      const lane = lanes.get(of) ?? { running: 0, waiting: [] };
      lanes.set(of, lane);
      if (lane.running < running) lane.running += 1;
      else await new Promise<void>((resolve) => lane.waiting.push(resolve));
      try {
        return await work();
      } finally {
        // Whoever is next takes the place over as it is.
        const next = lane.waiting.shift();
        if (next === undefined) lane.running -= 1;
        else next();
        if (lane.running === 0) lanes.delete(of);
      }
    },
  };
}
