import { defineCommand } from '../command.ts';
import { candidates } from '../completion.ts';
import { printable } from '../terminal.ts';

/** What the completion scripts ask: the words typed so far, the last one unfinished. */
export default defineCommand({
  configure: (command) => void command.argument('[words...]').passThroughOptions(),
  run: async ({ args, context, terminal }) => {
    const found = await candidates(args, context, terminal);
    const lines = found.map(({ value, description = '' }) => {
      const text = printable(description).split('\n')[0] ?? '';
      return text === '' ? value : `${value}\t${text}`;
    });
    if (lines.length > 0) terminal.print(lines.join('\n'));
  },
});
