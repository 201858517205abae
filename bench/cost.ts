import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** What work costs a process, in one unit. */
export interface CostMeter {
  readonly unit: string;
  /** Why it is not the better one. */
  readonly note: string | undefined;
  /** The cost to process `pid` of what happens during `work`. */
  during<T>(
    pid: number,
    work: () => Promise<T>,
  ): Promise<{ readonly cost: number; readonly result: T }>;
}

const EVENT = 'instructions:u';

/**
 * User instructions by `perf stat` where the machine counts them: they hardly vary between runs. Else
 * the user CPU time that the kernel books to the process, which a busy machine does disturb.
 */
export function chooseCostMeter(): CostMeter {
  if (counts(EVENT))
    return { unit: 'user instructions', note: undefined, during: countedBy(EVENT) };
  return {
    unit: 'µs of user CPU time',
    note: `perf stat cannot count ${EVENT} on this machine; user CPU time of the process is taken instead`,
    during: cpuTime,
  };
}

function counts(event: string): boolean {
  const { status, stderr } = spawnSync('perf', ['stat', '-x', ',', '-e', event, 'true'], {
    encoding: 'utf8',
  });
  return status === 0 && Number.isFinite(countIn(stderr));
}

/** perf-stat(1), "CSV FORMAT": the value is the first field; `<not supported>` is no number. */
function countIn(text: string): number {
  const line = text.split('\n').find((one) => one.includes(EVENT)) ?? '';
  return Number(line.split(',')[0] || 'none');
}

function countedBy(event: string): CostMeter['during'] {
  return async (pid, work) => {
    const perf = spawn('perf', ['stat', '-x', ',', '-e', event, '-p', String(pid)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    perf.stderr.on('data', (part: Buffer) => (said += part.toString('utf8')));
    await delay(200); // until it has attached
    const result = await work();
    const closed = once(perf, 'close');
    perf.kill('SIGINT');
    await closed;
    return { cost: countIn(said), result };
  };
}

const TICK_US = 10_000; // USER_HZ is 100 on every Linux that Node runs on, time(7)

const cpuTime: CostMeter['during'] = async (pid, work) => {
  const before = userMicroseconds(pid);
  const result = await work();
  return { cost: userMicroseconds(pid) - before, result };
};

/** `utime` of proc_pid_stat(5); NaN where there is no /proc. */
function userMicroseconds(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name, in brackets, may hold blanks; utime is the 12th field behind it.
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[11]) * TICK_US;
  } catch {
    return Number.NaN;
  }
}
