/** What is to be reached, as a ratio to the bare server's figure. */
export interface Goal {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One figure: valetkey's, the one it is compared with, and their ratio. */
export interface Figure {
  readonly name: string;
  readonly valetkey: string;
  readonly bare: string;
  readonly ratio: number;
  readonly goal?: Goal;
}

export interface Section {
  readonly title: string;
  readonly figures: readonly Figure[];
}

const COLUMNS = [46, 12, 12, 8] as const;

export function heading(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
  process.stdout.write(`\n${row(['', 'valetkey', 'bare', 'ratio'])}goal\n`);
}

export function print({ title, figures }: Section): void {
  process.stdout.write(`${title}\n`);
  for (const { name, valetkey, bare, ratio, goal } of figures) {
    const text = row([`  ${name}`, valetkey, bare, ratio.toFixed(2)]);
    process.stdout.write(`${`${text}${verdict(ratio, goal)}`.trimEnd()}\n`);
  }
}

export function reached(ratio: number, { atLeast = 0, atMost = Infinity }: Goal): boolean {
  return ratio >= atLeast && ratio <= atMost;
}

function verdict(ratio: number, goal: Goal | undefined): string {
  if (goal === undefined) return '';
  const bound =
    goal.atLeast === undefined ? `≤ ${goal.atMost?.toFixed(2)}` : `≥ ${goal.atLeast.toFixed(2)}`;
  return `${bound}  ${reached(ratio, goal) ? 'ok' : 'missed'}`;
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell, i) => (i === 0 ? cell.padEnd(COLUMNS[0]) : cell.padStart(COLUMNS[i] ?? 0)))
    .join('')
    .concat('   ');
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}

export function mebibytes(value: number): string {
  return `${value.toFixed(1)} MiB`;
}
