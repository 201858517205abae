import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

import { openBed } from './bed.ts';
import { chooseCores } from './cores.ts';
import { chooseCostMeter } from './cost.ts';
import { startLoad } from './load.ts';
import { pairWith } from './pair.ts';
import type { Pair } from './pair.ts';
import { FULL, QUICK } from './plan.ts';
import { heading, print } from './report.ts';
import type { Bench } from './sections/bench.ts';
import { measureHelper } from './sections/helper.ts';
import { measureMemory } from './sections/memory.ts';
import { measureRequests } from './sections/requests.ts';
import { measureStart } from './sections/start.ts';
import { targetsOf } from './targets.ts';
import type { Targets } from './targets.ts';

/*
 * The figures of the README, in one run: the daemon as it is shipped, with connectors and clouds
 * (stand-ins of them, in this process), beside a bare `node:http` server that sends the same bytes.
 * `--quick` is shorter and noisier; `--only requests,connections,helper,start,memory` takes a part.
 */

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});
const chosen = (part: string): boolean =>
  options.only === '' || options.only.split(',').includes(part);

const cores = chooseCores();
const cost = chooseCostMeter();
const load = await startLoad(cores.load);
const bed = await openBed(cores.server);
const bench: Bench = { plan: options.quick ? QUICK : FULL, bed, cores, load, cost };
try {
  heading([
    `valetkey against a bare node:http server that sends the same bytes${options.quick ? ' (--quick)' : ''}`,
    `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model}`,
    cores.server === undefined
      ? 'nothing is pinned to a core'
      : `servers on core ${cores.server}, load on core ${cores.load}`,
    ...(cost.note === undefined ? [] : [cost.note]),
  ]);
  if (['requests', 'connections', 'helper'].some(chosen)) await measureServing();
  if (chosen('start')) print(await measureStart(bench));
  if (chosen('memory')) print(await measureMemory(bench));
} finally {
  await load.stop();
  await bed.close();
}

/** All that needs a daemon with a credential at hand. */
async function measureServing(): Promise<void> {
  const daemon = await bed.start();
  const targets = await targetsOf(daemon.port, await bed.token());
  const pair = await pairWith(daemon, Object.values(targets), bench);
  try {
    if (chosen('requests')) await measureKept(pair, targets);
    if (chosen('connections')) await measureSingles(pair, targets);
    if (chosen('helper')) print(measureHelper(bench));
  } finally {
    await pair.stop();
    await daemon.stop();
  }
}

async function measureKept(pair: Pair, targets: Targets): Promise<void> {
  const { requests, connections } = bench.plan;
  const kind = { requests, connections, fresh: false };
  const how = `${connections} keep-alive connections`;
  for (const [target, what] of [
    [targets.ecs, 'ECS GET'],
    [targets.imds, 'IMDS GET'],
    [targets.gce, 'GCE token GET'],
    [targets.azureImds, 'Azure IMDS token GET'],
    [targets.appService, 'App Service token GET'],
  ] as const) {
    const title = `cached ${what}, ${how}`;
    print(await measureRequests(bench, pair, target, { ...kind, title }));
  }
}

async function measureSingles(pair: Pair, targets: Targets): Promise<void> {
  const { ecs, imds, gce, azureImds, appService } = targets;
  const { singles: requests, singlesAtOnce: connections } = bench.plan;
  const kind = { requests, connections, fresh: true };
  const how = `one request per connection, ${connections} at a time`;
  print(await measureRequests(bench, pair, ecs, { ...kind, title: `cached ECS GET, ${how}` }));
  print(await measureRequests(bench, pair, imds, { ...kind, title: `cached IMDS GET, ${how}` }));
  const asApp = { ...kind, title: `cached App Service token GET, ${how}` };
  print(await measureRequests(bench, pair, appService, asApp));
  // Who shows no secret is known by his user, which the kernel is asked for once per connection.
  for (const [target, what] of [
    [gce, 'GCE'],
    [azureImds, 'Azure IMDS'],
  ] as const) {
    const title = `cached ${what} token GET, ${how}, its user looked up`;
    print(await measureRequests(bench, pair, target, { ...kind, title, comparable: false }));
  }
}
