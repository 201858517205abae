/** `*` stands for any run of characters, `?` for exactly one; everything else for itself. */
export function matchesWildcard(pattern: string, text: string): boolean {
  const source = pattern
    .split(/([*?])/)
    .map((part) => {
      if (part === '*') return '[\\s\\S]*';
      return part === '?' ? '[\\s\\S]' : part.replace(/[.+^${}()|[\]\\/-]/g, '\\$&');
    })
    .join('');
  return new RegExp(`^${source}$`).test(text);
}
