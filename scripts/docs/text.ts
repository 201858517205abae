/* Markdown that is made from data: tables, and sections between markers that a person writes around. */

/** A table; cells are one line each, with what would end a cell escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.map(cell).join(' | ')} |`;
}

/**
 * `<` starts HTML in markdown and is then not shown, except inside backticks, where an entity would
 * be shown as it is written.
 */
function cell(text: string): string {
  const oneLine = text.replaceAll('\n', ' ').replaceAll('|', String.raw`\|`);
  return oneLine
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '&lt;')))
    .join('');
}

export function code(text: string): string {
  return `\`${text}\``;
}

/**
 * `text` with what stands between `<!-- name:start -->` and `<!-- name:end -->` replaced. Throws when
 * the markers are not there exactly once: a table that nobody sees would go unnoticed.
 */
export function replaceSection(text: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [before, inside, ...more] = text.split(start);
  const [, after, ...rest] = (inside ?? '').split(end);
  if (before === undefined || after === undefined || more.length > 0 || rest.length > 0) {
    throw new Error(`the markers ${start} and ${end} must be there once, in this order`);
  }
  return `${before}${start}\n\n${content}\n\n${end}${after}`;
}
