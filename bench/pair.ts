import { assertSameBytes, prepareBare } from './bare.ts';
import { freePort } from './bed.ts';
import { requestText } from './exchange.ts';
import type { Answer, Target } from './exchange.ts';
import type { LoadOrder } from './load-orders.ts';
import type { Running } from './processes.ts';
import type { Bench } from './sections/bench.ts';
import { answerTo } from './targets.ts';

/** The running daemon and a bare server that sends what it sends. */
export interface Pair {
  readonly valetkey: Running;
  readonly bare: Running;
  order(
    server: Running,
    target: Target,
    how: Pick<LoadOrder, 'requests' | 'connections' | 'fresh'>,
  ): LoadOrder;
  stop(): Promise<void>;
}

/** Starts the bare server beside a daemon. Throws when they do not send the same bytes. */
export async function pairWith(
  valetkey: Running,
  targets: readonly Target[],
  { bed, cores }: Bench,
): Promise<Pair> {
  const answers = new Map<string, Answer>();
  for (const target of targets) answers.set(target.path, await answerTo(valetkey.port, target));
  const prepared = await prepareBare(
    bed.home,
    await freePort(),
    cores.server,
    Object.fromEntries(answers),
  );
  const bare = await prepared.start();
  await assertSameBytes(valetkey, bare, targets);
  return {
    valetkey,
    bare,
    order: ({ port }, target, how) => ({
      port,
      request: requestText(port, target),
      status: target.status ?? 200,
      answerBytes: answers.get(target.path)?.raw.length ?? 0,
      ...how,
    }),
    stop: () => bare.stop(),
  };
}
