import CliTable from 'cli-table3';

import { printable } from './terminal.ts';

type Cell = string | number | boolean | undefined;

const BORDERLESS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
} as const;
const STYLE = { 'padding-left': 0, 'padding-right': 2, head: [], border: [], compact: true };

/** Columns without rules, so that a table can be cut and searched; a cell may have several lines. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = new CliTable({ chars: BORDERLESS, style: STYLE, head: [...head] });
  for (const row of rows) lines.push(row.map(cell));
  return trimmed(lines.toString());
}

/** `NAME  value` lines; absent values are left out. */
export function properties(entries: Readonly<Record<string, Cell>>): string {
  const lines = new CliTable({ chars: BORDERLESS, style: STYLE });
  for (const [name, value] of Object.entries(entries)) {
    if (value !== undefined) lines.push([name, cell(value)]);
  }
  return trimmed(lines.toString());
}

/** A configuration value of any shape on one line. */
export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function cell(value: Cell): string {
  return value === undefined ? '' : printable(String(value));
}

function trimmed(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
