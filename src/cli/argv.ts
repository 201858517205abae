/** Commands whose trailing words belong to somebody else and must arrive as they are. */
const VERBATIM = new Set(['exec', '__complete']);

/**
 * ZenML's spellings as commander understands them: underscores in flags are hyphens
 * (`--resource_type`), and `-ri`, which commander would read as `-r i`, is `--resource-id`. Values
 * and everything behind `--` stay as they are.
 */
export function normaliseArgv(argv: readonly string[]): string[] {
  if (VERBATIM.has(argv[0] ?? '')) return [...argv];
  const end = argv.indexOf('--');
  const flags = end === -1 ? argv : argv.slice(0, end);
  return [...flags.map(normaliseWord), ...(end === -1 ? [] : argv.slice(end))];
}

function normaliseWord(word: string): string {
  if (word === '-ri') return '--resource-id';
  if (word.startsWith('-ri=')) return `--resource-id=${word.slice(4)}`;
  if (!word.startsWith('--')) return word;
  const at = word.indexOf('=');
  const key = at === -1 ? word : word.slice(0, at);
  return key.replaceAll('_', '-') + word.slice(key.length);
}
