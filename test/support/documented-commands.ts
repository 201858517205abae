import type { Command } from 'commander';

import { commandTree } from '../../scripts/docs/command-tree.ts';
import { normaliseArgv } from '../../src/cli/argv.ts';
import { codeBlocks, inlineCode } from './markdown.ts';
import { shellWords } from './shell-words.ts';

/** One `valetkey …` as a document has it. */
export interface WrittenCommand {
  readonly line: string;
  /** In running text a command may be named without its arguments. */
  readonly inText: boolean;
}

const AT_START = /^(?:\$ )?(?:eval "\$\()?(?:credential_process = )?(?:bin\/)?(valetkey .+)$/;

/** An ellipsis says that there is more to write. */
const UNFINISHED = /…/;

export function writtenCommands(markdown: string): readonly WrittenCommand[] {
  const inBlocks = codeBlocks(markdown)
    .filter(({ language }) => ['sh', 'console', 'ini'].includes(language))
    .flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => ({ line, inText: false }));
  const inText = inlineCode(markdown).map((line) => ({ line, inText: true }));
  return [...inBlocks, ...inText].flatMap(({ line, ...rest }) => {
    const command = AT_START.exec(line)?.[1];
    return command === undefined || UNFINISHED.test(command) ? [] : [{ line: command, ...rest }];
  });
}

export interface Understood {
  /** `connector register`. */
  readonly path: string;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

class NotRun extends Error {}

/**
 * What the real command tree makes of a line, without running anything; a placeholder (`<name>`)
 * stands for a word. `undefined`: it only names a command or a group. Throws what is wrong with it.
 */
export async function understand({
  line,
  inText,
}: WrittenCommand): Promise<Understood | undefined> {
  const [, ...argv] = shellWords(line.replaceAll(/<([\w-]+)>/g, '$1'));
  const { root } = commandTree();
  if (inText && isName(root, argv)) return undefined;
  let understood: Understood | undefined;
  root.hook('preAction', (_, command) => {
    understood = { path: pathOf(command), args: command.args, options: command.opts() };
    throw new NotRun();
  });
  try {
    await root.parseAsync(normaliseArgv(argv, groupWords(root)), { from: 'user' });
  } catch (error) {
    if (!(error instanceof NotRun)) throw error;
  }
  if (understood === undefined) throw new Error('it chooses no command');
  return understood;
}

function groupWords(root: Command): ReadonlySet<string> {
  const groups = root.commands.filter(({ commands }) => commands.length > 0);
  return new Set(groups.flatMap((group) => [group.name(), ...group.aliases()]));
}

function isName(root: Command, words: readonly string[]): boolean {
  let command: Command | undefined = root;
  for (const word of words) {
    command = command?.commands.find((one) => [one.name(), ...one.aliases()].includes(word));
  }
  return command !== undefined;
}

function pathOf(command: Command): string {
  const { parent } = command;
  return parent === null || parent.parent === null
    ? command.name()
    : `${pathOf(parent)} ${command.name()}`;
}
