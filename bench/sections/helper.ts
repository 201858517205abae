import { spawnSync } from 'node:child_process';

import { BUNDLE, CHECKOUT, WORKLOAD } from '../bed.ts';
import { pinned } from '../cores.ts';
import { median, pairedRatio } from '../numbers.ts';
import { milliseconds } from '../report.ts';
import type { Goal, Section } from '../report.ts';
import type { Bench } from './bench.ts';

const HELPER: Goal = { atMost: 1.5 };

/** `credential_process` with a daemon that holds the credential, against a Node that does nothing. */
export function measureHelper({ bed, cores, plan }: Bench): Section {
  const ask = ['credential-process', '--workload', WORKLOAD];
  const run = (command: string, args: readonly string[]): number => {
    // On the other core than the daemon, which has to answer meanwhile.
    const line = pinned(cores.load, command, args);
    const startedAt = performance.now();
    const { status, stdout, stderr } = spawnSync(line.command, line.args, {
      env: bed.env,
      encoding: 'utf8',
    });
    const took = performance.now() - startedAt;
    const whole =
      command === process.execPath && args[0] === '-e' ? stdout === '' : isCredential(stdout);
    if (status !== 0 || !whole) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
    return took;
  };
  const times: { nothing: number[]; bundle: number[]; checkout: number[] } = {
    nothing: [],
    bundle: [],
    checkout: [],
  };
  for (let i = 0; i < plan.helpers; i++) {
    times.nothing.push(run(process.execPath, ['-e', '0']));
    times.bundle.push(run(process.execPath, [BUNDLE, ...ask]));
    times.checkout.push(run(CHECKOUT, ask));
  }
  const figure = (name: string, ours: readonly number[]) => ({
    name,
    valetkey: milliseconds(median(ours)),
    bare: milliseconds(median(times.nothing)),
    ratio: pairedRatio(ours, times.nothing),
    goal: HELPER,
  });
  return {
    title: 'credential_process, credential held by the daemon, against `node -e 0`',
    figures: [figure('bundle', times.bundle), figure('checkout (bin/valetkey)', times.checkout)],
  };
}

function isCredential(text: string): boolean {
  const document: unknown = JSON.parse(text);
  return typeof document === 'object' && document !== null && 'AccessKeyId' in document;
}
