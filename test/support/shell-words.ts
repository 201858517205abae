/**
 * The words of the first simple command in a line of sh: quotes are taken off, and what follows an
 * unquoted `|`, `&`, `;`, `>`, `)` or a comment does not belong to it.
 */
export function shellWords(line: string): readonly string[] {
  const words: string[] = [];
  const token = /\s*(?:(#.*|[|&;>)])|((?:"[^"]*"|'[^']*'|\\.|[^\s"'\\|&;>)])+))/gy;
  for (const [, end, word = ''] of line.matchAll(token)) {
    if (end !== undefined) break;
    words.push(word.replaceAll(/"([^"]*)"|'([^']*)'|\\(.)/g, '$1$2$3'));
  }
  return words;
}
