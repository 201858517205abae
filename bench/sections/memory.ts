import { setTimeout as delay } from 'node:timers/promises';

import { residentMiB } from '../memory.ts';
import { pairWith } from '../pair.ts';
import type { Pair } from '../pair.ts';
import { mebibytes, whole } from '../report.ts';
import type { Figure, Goal, Section } from '../report.ts';
import { answerTo, REFUSED, targetsOf } from '../targets.ts';
import type { Target } from '../exchange.ts';
import type { Bench } from './bench.ts';

const SIZE: Goal = { atMost: 1.25 };
/** More than this is growth; less is how a heap breathes. */
const STEADY: Goal = { atMost: 1.05 };

const SETTLE_MS = 1_500;

/** Resident memory of a fresh daemon and a fresh bare server: idle, without and with a cloud SDK. */
export async function measureMemory(bench: Bench): Promise<Section> {
  const { bed, plan, load } = bench;
  const [first, last] = plan.memory;
  const valetkey = await bed.start();
  await delay(SETTLE_MS);
  const idle = residentMiB(valetkey.pid);
  const withoutCloud = await pairWith(valetkey, [REFUSED], bench);
  await delay(SETTLE_MS);
  const figures = [figure('idle', idle, residentMiB(withoutCloud.bare.pid), SIZE)];

  const both = async (pair: Pair, target: Target, requests: number) => {
    const sizes: number[] = [];
    for (const server of [pair.valetkey, pair.bare]) {
      const how = { requests, connections: plan.connections, fresh: false };
      await load.run(pair.order(server, target, how));
      await delay(SETTLE_MS);
      sizes.push(residentMiB(server.pid));
    }
    const [ours = Number.NaN, theirs = Number.NaN] = sizes;
    return { ours, theirs };
  };

  const asked = await both(withoutCloud, REFUSED, first);
  figures.push(
    figure(`after ${whole(first)} requests, no cloud SDK`, asked.ours, asked.theirs, SIZE),
  );
  await withoutCloud.stop();

  const { ecs, gce } = await targetsOf(valetkey.port, await bed.token());
  await answerTo(valetkey.port, ecs);
  const pair = await pairWith(valetkey, [ecs], bench);
  const early = await both(pair, ecs, first);
  const late = await both(pair, ecs, last - first);
  figures.push(
    figure(`after ${whole(first)} credentials, cloud SDK loaded`, early.ours, early.theirs),
    figure(`after ${whole(last)} credentials`, late.ours, late.theirs),
    {
      name: `growth from ${whole(first)} to ${whole(last)}`,
      valetkey: mebibytes(late.ours - early.ours),
      bare: mebibytes(late.theirs - early.theirs),
      ratio: late.ours / early.ours,
      goal: STEADY,
    },
  );
  await pair.stop();
  const withGoogle = await pairWith(valetkey, [gce], bench);
  const tokens = await both(withGoogle, gce, first);
  figures.push(
    figure(`after ${whole(first)} tokens, Google’s library too`, tokens.ours, tokens.theirs),
  );
  await withGoogle.stop();
  await valetkey.stop();
  return { title: 'resident memory', figures };
}

function figure(name: string, ours: number, theirs: number, goal?: Goal): Figure {
  return {
    name,
    valetkey: mebibytes(ours),
    bare: mebibytes(theirs),
    ratio: ours / theirs,
    ...(goal === undefined ? {} : { goal }),
  };
}
