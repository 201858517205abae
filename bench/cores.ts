import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** One core for the servers and one for the load, where the machine has two and `taskset`. */
export interface Cores {
  readonly server: number | undefined;
  readonly load: number | undefined;
}

export function chooseCores(): Cores {
  const [server, load] = allowedCores();
  if (server === undefined || load === undefined || !canPin(server)) {
    return { server: undefined, load: undefined };
  }
  return { server, load };
}

/** A command line that runs on one core. */
export function pinned(core: number | undefined, command: string, args: readonly string[]) {
  return core === undefined
    ? { command, args: [...args] }
    : { command: 'taskset', args: ['-c', String(core), command, ...args] };
}

/** Linux tells `0-1,4` in proc_pid_status(5); elsewhere nothing is pinned. */
function allowedCores(): readonly number[] {
  let status = '';
  try {
    status = readFileSync('/proc/self/status', 'utf8');
  } catch {
    return [];
  }
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

function canPin(core: number): boolean {
  return spawnSync('taskset', ['-c', String(core), 'true'], { stdio: 'ignore' }).status === 0;
}
