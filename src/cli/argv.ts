/** Commands whose trailing words belong to somebody else and must arrive as they are. */
const VERBATIM = new Set(['exec', '__complete']);

/**
 * What people write as commander understands it: underscores in flags are hyphens
 * (`--resource_type`), ZenML's `-ri`, which commander would read as `-r i`, is `--resource-id`. Values
 * and everything behind `--` stay as they are.
 */
export function normaliseArgv(given: readonly string[], groups: ReadonlySet<string>): string[] {
  const argv = helpLast(given, groups);
  if (VERBATIM.has(argv[0] ?? '')) return [...argv];
  const end = argv.indexOf('--');
  const flags = end === -1 ? argv : argv.slice(0, end);
  return [...flags.map(normaliseWord), ...(end === -1 ? [] : argv.slice(end))];
}

/** `help exec` and `connector help list` as `… --help`, so that the command's options are loaded. */
function helpLast(argv: readonly string[], groups: ReadonlySet<string>): readonly string[] {
  const at = groups.has(argv[0] ?? '') ? 1 : 0;
  return argv[at] === 'help' ? [...argv.slice(0, at), ...argv.slice(at + 1), '--help'] : argv;
}

function normaliseWord(word: string): string {
  if (word === '-ri') return '--resource-id';
  if (word.startsWith('-ri=')) return `--resource-id=${word.slice(4)}`;
  if (!word.startsWith('--')) return word;
  const at = word.indexOf('=');
  const key = at === -1 ? word : word.slice(0, at);
  return key.replaceAll('_', '-') + word.slice(key.length);
}
