import { prepareBare } from '../bare.ts';
import { freePort } from '../bed.ts';
import { median, pairedRatio } from '../numbers.ts';
import { milliseconds } from '../report.ts';
import type { Goal, Section } from '../report.ts';
import type { Bench } from './bench.ts';

const START: Goal = { atMost: 1.3 };

/** From the spawn to the first answer, of the bundled daemon and of the bare server by turns. */
export async function measureStart({ bed, cores, plan }: Bench): Promise<Section> {
  const sample = await bed.start();
  await sample.stop();
  const bare = await prepareBare(bed.home, await freePort(), cores.server, {
    '/v1/credentials': sample.firstAnswer,
  });
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let i = 0; i < plan.starts; i++) {
    for (const [server, times] of [
      [bed, ours],
      [bare, theirs],
    ] as const) {
      const running = await server.start();
      times.push(running.startMs);
      await running.stop();
    }
  }
  return {
    title: 'start (bundled) to the first answer',
    figures: [
      {
        name: 'time',
        valetkey: milliseconds(median(ours)),
        bare: milliseconds(median(theirs)),
        ratio: pairedRatio(ours, theirs),
        goal: START,
      },
    ],
  };
}
