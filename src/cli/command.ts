import type { Command } from 'commander';

import type { CliContext } from './context.ts';
import type { Terminal } from './terminal.ts';

export interface Invocation<Options> {
  /** The words that are no option of this command, as typed. */
  readonly args: readonly string[];
  readonly options: Options;
  readonly context: CliContext;
  readonly terminal: Terminal;
}

/** One command: its arguments and options as commander is told them, and what it does. */
export interface CliCommand<Options = never> {
  configure(command: Command): void;
  /** Resolves with an exit code; none is 0. */
  run(invocation: Invocation<Options>): Promise<number | void>;
}

/** Keeps the options' type inside the command's file and returns what the program holds. */
export function defineCommand<Options extends object>(command: CliCommand<Options>): CliCommand {
  return command;
}

/** One line of the command index. */
export interface CommandEntry {
  /** The words that choose it, `connector register`. */
  readonly path: string;
  readonly summary: string;
  readonly hidden?: true;
  load(): Promise<{ default: CliCommand }>;
}

/** A word that holds commands. */
export interface CommandGroup {
  readonly summary: string;
  readonly aliases: readonly string[];
}
