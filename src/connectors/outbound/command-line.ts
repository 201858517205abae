/**
 * A command as the words it is made of, without a shell: no variables, no `~`, no pipes, as boto
 * reads `credential_process`. Rules of Python's `shlex.split`; on Windows a backslash is a path's and
 * only double quotes quote. Throws `RangeError` when a quote is not closed.
 */
export function splitCommand(command: string, windows: boolean): readonly string[] {
  const quotes = windows ? '"' : `"'`;
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let i = 0; i < command.length; i++) {
    const char = command.charAt(i);
    const next = command.charAt(i + 1);
    if (!windows && char === '\\' && quote !== "'" && escapes(next, quote)) {
      word = (word ?? '') + next;
      i++;
    } else if (quote === char) {
      quote = undefined;
    } else if (quote === undefined && quotes.includes(char)) {
      quote = char;
      word ??= '';
    } else if (quote === undefined && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== undefined) throw new RangeError('a quote is not closed');
  if (word !== undefined) words.push(word);
  return words;
}

/** Within double quotes a backslash escapes only the quote and itself. */
function escapes(next: string, quote: string | undefined): boolean {
  return quote === undefined ? next !== '' : next === quote || next === '\\';
}
