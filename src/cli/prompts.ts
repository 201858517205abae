import { CommanderError } from 'commander';

import type { CliContext } from './context.ts';
import { printable } from './terminal.ts';

const CANCELLED_EXIT = 130; // 128 + SIGINT, as if Ctrl-C had ended the command itself

interface Choice {
  readonly value: string;
  readonly label: string;
  readonly hint?: string;
}

/** Questions to a person, asked on stderr so that stdout holds results alone. */
export interface Prompts {
  readonly text: (question: {
    message: string;
    initial?: string | undefined;
    placeholder?: string | undefined;
    optional?: boolean;
    check?: (value: string) => string | undefined;
  }) => Promise<string>;
  readonly secret: (message: string, optional?: boolean) => Promise<string>;
  readonly choose: (message: string, choices: readonly Choice[]) => Promise<string>;
  readonly confirm: (message: string, initial?: boolean) => Promise<boolean>;
}

/** Loads the prompt library; only commands that do ask pay for it. */
export async function createPrompts({ stdin, stderr }: CliContext): Promise<Prompts> {
  const clack = await import('@clack/prompts');
  const io = { input: stdin, output: stderr, signal: endOf(stdin) };
  return {
    text: async ({ message, initial, placeholder, optional = false, check }) =>
      answered(
        await clack.text({
          ...io,
          message: printable(message),
          ...(initial === undefined ? {} : { initialValue: initial }),
          ...(placeholder === undefined ? {} : { placeholder: printable(placeholder) }),
          validate: (value = '') =>
            value === '' ? (optional ? undefined : 'an answer is needed') : check?.(value),
        }),
      ),
    secret: async (message, optional = false) =>
      answered(
        await clack.password({
          ...io,
          message: printable(message),
          validate: (value = '') => (value === '' && !optional ? 'an answer is needed' : undefined),
        }),
      ),
    choose: async (message, choices) =>
      answered(
        await clack.select({ ...io, message: printable(message), options: choices.map(asOption) }),
      ),
    confirm: async (message, initial = true) =>
      answered(await clack.confirm({ ...io, message: printable(message), initialValue: initial })),
  };
}

/**
 * Aborted by Ctrl-D and by the end of the input: the prompts close their reader then and would wait
 * for an answer that cannot come any more.
 */
function endOf(stdin: CliContext['stdin']): AbortSignal {
  const ended = new AbortController();
  const end = () => ended.abort();
  stdin.once('end', end).once('close', end);
  stdin.on('keypress', (_: unknown, key: { ctrl?: boolean; name?: string } | undefined) => {
    if (key?.ctrl === true && key.name === 'd') end();
  });
  return ended.signal;
}

function asOption({ value, label, hint }: Choice) {
  return {
    value,
    label: printable(label),
    ...(hint === undefined ? {} : { hint: printable(hint) }),
  };
}

/** An answer; Ctrl-C or the end of the input instead of one ends the command. */
function answered<T>(answer: T): Exclude<T, symbol> {
  if (isAnswer(answer)) return answer;
  throw new CommanderError(CANCELLED_EXIT, 'valetkey.cancelled', 'cancelled: nothing was changed');
}

function isAnswer<T>(answer: T): answer is Exclude<T, symbol> {
  return typeof answer !== 'symbol';
}
