import { type Command, Option } from 'commander';

import type { Terminal } from './terminal.ts';

const OUTPUT_FORMATS = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export interface OutputOptions {
  readonly output: OutputFormat;
}

export function addOutputOption(command: Command): Command {
  const option = new Option('-o, --output <format>', 'how to print the result');
  return command.addOption(option.choices(OUTPUT_FORMATS).default('table'));
}

/** Prints a result: data for programs, or what `asTable` makes of it for people. */
export async function show(
  terminal: Terminal,
  format: OutputFormat,
  value: unknown,
  asTable: () => string,
): Promise<void> {
  switch (format) {
    case 'json':
      return terminal.print(asJson(value));
    case 'yaml': {
      const { stringify } = await import('yaml');
      // Through JSON first, so that both formats show the same keys (absent ones are absent).
      return terminal.print(escaped(stringify(JSON.parse(JSON.stringify(value)))));
    }
    case 'table':
      return terminal.print(asTable());
  }
}

function asJson(value: unknown): string {
  return escaped(JSON.stringify(value, undefined, 2));
}

/**
 * Safe to look at too: JSON, and YAML, which puts such text between double quotes, leave the C1
 * controls (CSI is one) as they are.
 */
function escaped(text: string): string {
  return text.replaceAll(
    /[\u007F-\u009F]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
