import type { Command } from 'commander';

import { COMMANDS } from '../../src/cli/commands/index.ts';
import type { CliContext } from '../../src/cli/context.ts';
import { createProgram } from '../../src/cli/program.ts';
import type { Program } from '../../src/cli/program.ts';
import { createTerminal } from '../../src/cli/terminal.ts';

const forbidden = () => Promise.reject(new Error('documentation runs no command'));

/** The real command tree, for reading it: whatever a command would touch is an error. */
export function commandTree(): Program {
  const context: CliContext = {
    api: forbidden,
    daemon: {
      serve: forbidden,
      openEndpoint: forbidden,
      clientVariables: forbidden,
      endpoints: forbidden,
      runDemo: forbidden,
    },
    env: {},
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    cwd: '',
    version: '',
    now: () => 0,
  };
  return createProgram(context, createTerminal(context));
}

/** Every command that a person is told about, with its options and arguments. */
export async function documentedCommands(): Promise<
  readonly { readonly path: string; readonly command: Command }[]
> {
  const { root, load } = commandTree();
  const shown = COMMANDS.filter(({ hidden }) => hidden !== true);
  return Promise.all(
    shown.map(async ({ path }) => {
      const command = path.split(' ').reduce(childOf, root);
      await load(command);
      return { path, command };
    }),
  );
}

function childOf(parent: Command, name: string): Command {
  const child = parent.commands.find((one) => one.name() === name);
  if (child === undefined) throw new Error(`the program has no command ${name}`);
  return child;
}
