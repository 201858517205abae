import { Command, CommanderError } from 'commander';

import { EXIT, ValetkeyError } from '../core/errors.ts';
import { normaliseArgv } from './argv.ts';
import type { CommandEntry } from './command.ts';
import { COMMANDS, GROUPS } from './commands/index.ts';
import type { CliContext } from './context.ts';
import { createTerminal, type Terminal } from './terminal.ts';

const GROUP_WORDS = new Set(
  Object.entries(GROUPS).flatMap(([name, { aliases }]) => [name, ...aliases]),
);

export interface Program {
  readonly root: Command;
  /** Completes a command with its options and action, which its module brings. */
  readonly load: (command: Command) => Promise<void>;
  readonly exitCode: () => number;
}

/** Runs one command line. Everything that can go wrong is printed and told by the exit code. */
export async function run(argv: readonly string[], context: CliContext): Promise<number> {
  const terminal = createTerminal(context);
  const program = createProgram(context, terminal);
  try {
    await program.root.parseAsync(normaliseArgv(argv, GROUP_WORDS), { from: 'user' });
    return program.exitCode();
  } catch (error) {
    return error instanceof CommanderError ? endOf(error, terminal) : terminal.fail(error);
  }
}

/** The command tree: names and summaries at once, everything else when a command is chosen. */
export function createProgram(context: CliContext, terminal: Terminal): Program {
  let code: number = EXIT.ok;
  const entries = new Map<Command, CommandEntry>();
  const load = async (command: Command) => {
    const entry = entries.get(command);
    if (entry === undefined) return;
    const { default: loaded } = await entry.load();
    loaded.configure(command);
    command.action(async () => {
      const options = command.opts<never>();
      code = (await loaded.run({ args: command.args, options, context, terminal })) ?? EXIT.ok;
    });
  };
  const loadChosen = (_: Command, chosen: Command) => load(chosen);

  const root = new Command('valetkey')
    .description('The cloud metadata service for machines that are not in the cloud')
    .version(context.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text),
      writeErr: (text) => terminal.say(text.trimEnd()),
      outputError: () => {}, // told once, by endOf
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .hook('preSubcommand', loadChosen);
  const groups = new Map<string, Command>();
  for (const entry of COMMANDS) {
    const words = entry.path.split(' ');
    const name = words.at(-1) ?? entry.path;
    const [group] = words;
    const parent =
      words.length === 1 || group === undefined ? root : groupOf(root, groups, group, loadChosen);
    const command = parent.command(name, entry.hidden === true ? { hidden: true } : {});
    command.summary(entry.summary).description(entry.summary);
    entries.set(command, entry);
  }
  return { root, load, exitCode: () => code };
}

function groupOf(
  root: Command,
  groups: Map<string, Command>,
  name: string,
  hook: (parent: Command, chosen: Command) => Promise<void>,
): Command {
  const known = groups.get(name);
  if (known !== undefined) return known;
  const { summary, aliases } = GROUPS[name] ?? { summary: '', aliases: [] };
  const group = root.command(name).summary(summary).description(summary).aliases(aliases);
  group.hook('preSubcommand', hook);
  groups.set(name, group);
  return group;
}

/** Commander ends help and version with an error too. */
function endOf(error: CommanderError, terminal: Terminal): number {
  switch (error.code) {
    case 'commander.help': // a group without a command: the help was printed to stderr
      return EXIT.usage;
    case 'commander.helpDisplayed':
    case 'commander.version':
      return EXIT.ok;
    case 'valetkey.cancelled':
      terminal.say(error.message);
      return error.exitCode;
    default: {
      const [what = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
      const hint = suggestion?.replace(/^\((.*)\)$/, '$1') ?? 'add --help to see what it takes';
      return terminal.fail(new ValetkeyError('USAGE', { reason: what, hint }));
    }
  }
}
