import type { Argument, Command, Option } from 'commander';

import type { CliContext } from './context.ts';
import { createProgram } from './program.ts';
import type { Terminal } from './terminal.ts';
import { attributeFlags, type Candidate, FILES, valuesOf } from './completion-values.ts';

/**
 * What may follow: commands, options, an option's values, arguments. Walks the same tree that runs
 * commands, and asks the control API for names; whatever fails there means no candidates.
 */
export async function candidates(
  words: readonly string[],
  context: CliContext,
  terminal: Terminal,
): Promise<readonly Candidate[]> {
  const current = words.at(-1) ?? '';
  const { root, load } = createProgram(context, terminal);
  const { command, rest } = descend(root, words.slice(0, -1));
  await load(command);
  const typed = readTyped(command, rest);
  if (typed.behindDashes) return FILES;
  const found = await choices();
  return found === FILES ? found : found.filter(({ value }) => value.startsWith(current));

  async function choices(): Promise<readonly Candidate[]> {
    const ask = (slot: Option | Argument) => valuesOf(slot, command, typed.values, context);
    if (typed.awaiting !== undefined) return ask(typed.awaiting);
    if (current.startsWith('-')) {
      const [flag, value] = split(current);
      if (value === undefined)
        return [
          ...optionCandidates(command),
          ...(await attributeFlags(command, typed.values, context)),
        ];
      const option = optionOf(command, flag);
      if (option === undefined) return value.startsWith('@') ? FILES : [];
      return (await ask(option)).map((one) => ({ ...one, value: `${flag}=${one.value}` }));
    }
    if (command.commands.length > 0) return typed.operands === 0 ? commandCandidates(command) : [];
    const slots = command.registeredArguments;
    const slot = slots[Math.min(typed.operands, slots.length - 1)];
    if (slot === undefined || (typed.operands >= slots.length && !slot.variadic)) return [];
    return ask(slot);
  }
}

function descend(
  root: Command,
  words: readonly string[],
): { command: Command; rest: readonly string[] } {
  let command = root;
  let used = 0;
  for (const word of words) {
    const next = command.commands.find(
      (one) => one.name() === word || one.aliases().includes(word),
    );
    if (next === undefined) break;
    command = next;
    used++;
  }
  return { command, rest: words.slice(used) };
}

interface Typed {
  /** The option whose value is being typed. */
  readonly awaiting: Option | undefined;
  /** Values of options so far, by long flag, and the operands under their numbers. */
  readonly values: Readonly<Record<string, string>>;
  readonly operands: number;
  readonly behindDashes: boolean;
}

function readTyped(command: Command, words: readonly string[]): Typed {
  const values: Record<string, string> = {};
  let awaiting: Option | undefined;
  let operands = 0;
  for (const word of words) {
    if (awaiting !== undefined) {
      values[awaiting.long ?? ''] = word;
      awaiting = undefined;
    } else if (word === '--') {
      return { awaiting, values, operands, behindDashes: true };
    } else if (word.startsWith('-')) {
      const [flag, value] = split(word);
      const option = optionOf(command, flag);
      if (value !== undefined) values[option?.long ?? flag] = value;
      else if (option?.required) awaiting = option;
    } else {
      values[String(operands++)] = word;
    }
  }
  return { awaiting, values, operands, behindDashes: false };
}

function optionOf(command: Command, flag: string): Option | undefined {
  const long = flag === '-ri' ? '--resource-id' : flag.replaceAll('_', '-');
  return command.options.find((option) => option.long === long || option.short === flag);
}

function split(word: string): [string, string?] {
  const at = word.indexOf('=');
  return at === -1 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

function commandCandidates(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => ({ value: one.name(), description: one.summary() }));
}

function optionCandidates(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, description }) => (long ? [{ value: long, description }] : []));
}
