import type { Command } from 'commander';

import { documentedCommands } from './command-tree.ts';
import { code, table } from './text.ts';

/** Every command with its usage and options, as `--help` shows them. */
export async function commandSections(): Promise<string> {
  const commands = await documentedCommands();
  const list = table(
    ['command', 'what it does'],
    commands.map(({ path, command }) => [
      `[${code(path)}](#valetkey-${path.replaceAll(' ', '-')})`,
      command.summary(),
    ]),
  );
  return [list, ...commands.map(({ path, command }) => section(path, command))].join('\n\n');
}

function section(path: string, command: Command): string {
  const usage = command.createHelp().commandUsage(command);
  const options = command.options.filter(({ hidden }) => !hidden);
  const rows = [
    ...command.registeredArguments.map((argument) => [
      code(argument.required ? `<${argument.name()}>` : `[${argument.name()}]`),
      argument.description,
    ]),
    ...options.map(({ flags, description, argChoices, defaultValue }) => [
      code(flags),
      [
        description,
        ...(argChoices === undefined ? [] : [`one of ${argChoices.map(code).join(', ')}`]),
        ...(typeof defaultValue === 'string' ? [`default ${code(defaultValue)}`] : []),
      ].join('; '),
    ]),
  ];
  return [
    `## valetkey ${path}`,
    `${sentence(command.summary())}.`,
    `\`\`\`text\n${usage}\n\`\`\``,
    ...(rows.length === 0 ? [] : [table(['argument or option', 'meaning'], rows)]),
  ].join('\n\n');
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
