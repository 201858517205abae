/* What the tests of the documents read out of Markdown. */

export interface CodeBlock {
  readonly language: string;
  readonly text: string;
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;

export function codeBlocks(markdown: string): readonly CodeBlock[] {
  return [...markdown.matchAll(FENCE)].map(([, language = '', text = '']) => ({ language, text }));
}

/** Text in backticks outside of blocks. */
export function inlineCode(markdown: string): readonly string[] {
  return [...withoutBlocks(markdown).matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);
}

/** Targets of links and images outside of code. */
export function links(markdown: string): readonly string[] {
  const prose = withoutBlocks(markdown).replaceAll(/`[^`\n]*`/g, 'code');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

/** The fragments that its headings can be reached by, as GitHub makes them. */
export function fragments(markdown: string): ReadonlySet<string> {
  const headings = [...withoutBlocks(markdown).matchAll(/^#{1,6} (.+)$/gm)];
  const seen = new Map<string, number>();
  return new Set(
    headings.map(([, heading = '']) => {
      const name = heading
        .trim()
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-');
      const before = seen.get(name) ?? 0;
      seen.set(name, before + 1);
      return before === 0 ? name : `${name}-${before}`; // the same words again get a number
    }),
  );
}

function withoutBlocks(markdown: string): string {
  return markdown.replaceAll(FENCE, '');
}
