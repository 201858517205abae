import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** Passed on to the child; each means something to some program that may be run. */
const PASSED_ON = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
] as const satisfies readonly NodeJS.Signals[];

/** What a terminal sends to the whole foreground process group, the child included. */
const FROM_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT', 'SIGWINCH']);

export interface SignalRelay {
  /** The first signal that would have ended this process before there was a child. */
  readonly interrupted: Promise<NodeJS.Signals>;
  passOnTo(child: ChildProcess): void;
  stop(): void;
}

/** From now on signals do not end this process but go to the child. */
export function relaySignals(): SignalRelay {
  let child: ChildProcess | undefined;
  const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<NodeJS.Signals>();
  const listeners = PASSED_ON.filter((signal) => signal in constants.signals).map((signal) => {
    const listener = () => {
      if (child === undefined) return signal === 'SIGWINCH' ? undefined : interrupt(signal);
      // Twice is not the same as once: Terraform takes a second interrupt for "drop everything".
      if (FROM_TERMINAL.has(signal) && inForeground()) return undefined;
      return void child.kill(signal);
    };
    process.on(signal, listener);
    return { signal, listener };
  });
  return {
    interrupted,
    passOnTo: (started) => {
      child = started;
    },
    stop: () => {
      for (const { signal, listener } of listeners) process.off(signal, listener);
    },
  };
}

/** The exit code a shell gives a program that a signal ended. */
export function signalExit(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** Is this process in its terminal's foreground group, so that a key press reaches the child too? */
function inForeground(): boolean {
  try {
    // proc_pid_stat(5): behind the name in parentheses: state ppid pgrp session tty_nr tpgid
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const [, , group, , terminal, foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return terminal !== '0' && group === foreground;
  } catch {
    return process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  }
}
