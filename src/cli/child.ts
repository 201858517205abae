import { spawn } from 'node:child_process';

import type { SignalRelay } from './signals.ts';
import { signalExit } from './signals.ts';

const NOT_EXECUTABLE = 126; // POSIX 2.8.2, Exit Status for Commands
const NOT_FOUND = 127;

export interface ChildEnd {
  /** As a shell would tell it: the program's own code, or 128 and the signal's number. */
  readonly exit: number;
  /** Why it was not even started. */
  readonly problem?: string;
}

/** Runs a program on this process's own stdin, stdout and stderr until it ends. */
export function runChild(
  [command = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  signals: SignalRelay,
): Promise<ChildEnd> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit', env });
    signals.passOnTo(child);
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return; // a signal that could not be sent; the child lives on
      const missing = error.code === 'ENOENT';
      resolve({
        exit: missing ? NOT_FOUND : NOT_EXECUTABLE,
        problem: missing
          ? 'command not found'
          : `it cannot be run (${error.code ?? 'unknown reason'})`,
      });
    });
    child.once('exit', (code, signal) => {
      resolve({ exit: signal === null ? (code ?? 1) : signalExit(signal) });
    });
  });
}
