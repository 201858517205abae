import { readFileSync } from 'node:fs';

/** Resident memory of a process in MiB (`VmRSS`, proc_pid_status(5)); NaN where there is no /proc. */
export function residentMiB(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) / 1_024;
  } catch {
    return Number.NaN;
  }
}
