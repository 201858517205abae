import { cpus } from 'node:os';

import { openBed } from './bed.ts';
import { chooseCores } from './cores.ts';
import { chooseCostMeter } from './cost.ts';
import { startLoad } from './load.ts';
import { pairWith } from './pair.ts';
import { FULL, QUICK } from './plan.ts';
import { heading, print } from './report.ts';
import type { Bench } from './sections/bench.ts';
import { measureHelper } from './sections/helper.ts';
import { measureMemory } from './sections/memory.ts';
import { measureRequests } from './sections/requests.ts';
import { measureStart } from './sections/start.ts';
import { targetsOf } from './targets.ts';

/*
 * The figures of the README, in one run: the daemon as it is shipped, with a connector and a cloud
 * (a stand-in of it, in this process), beside a bare `node:http` server that sends the same bytes.
 */

const quick = process.argv.includes('--quick');
const cores = chooseCores();
const cost = chooseCostMeter();
const load = await startLoad(cores.load);
const bed = await openBed(cores.server);
const bench: Bench = { plan: quick ? QUICK : FULL, bed, cores, load, cost };
try {
  heading([
    `valetkey against a bare node:http server that sends the same bytes${quick ? ' (--quick)' : ''}`,
    `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model}`,
    cores.server === undefined
      ? 'nothing is pinned to a core'
      : `servers on core ${cores.server}, load on core ${cores.load}`,
    ...(cost.note === undefined ? [] : [cost.note]),
  ]);
  await measureServing();
  print(await measureStart(bench));
  print(await measureMemory(bench));
} finally {
  await load.stop();
  await bed.close();
}

/** All that needs a daemon with a credential at hand. */
async function measureServing(): Promise<void> {
  const { requests, connections, singles, singlesAtOnce } = bench.plan;
  const daemon = await bed.start();
  const { ecs, imds } = await targetsOf(daemon.port, await bed.token());
  const pair = await pairWith(daemon, [ecs, imds], bench);
  try {
    for (const [name, target] of [
      ['ECS', ecs],
      ['IMDS', imds],
    ] as const) {
      const title = `cached ${name} GET, ${connections} keep-alive connections`;
      const kind = { title, requests, connections, fresh: false };
      print(await measureRequests(bench, pair, target, kind));
    }
    for (const [name, target] of [
      ['ECS', ecs],
      ['IMDS', imds],
    ] as const) {
      const title = `cached ${name} GET, one request per connection, ${singlesAtOnce} at a time`;
      const kind = { title, requests: singles, connections: singlesAtOnce, fresh: true };
      print(await measureRequests(bench, pair, target, kind));
    }
    print(measureHelper(bench));
  } finally {
    await pair.stop();
    await daemon.stop();
  }
}
