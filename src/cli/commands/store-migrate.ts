import { defineCommand } from '../command.ts';
import { addOutputOption, show, type OutputOptions } from '../output.ts';
import { table } from '../table.ts';

interface Options extends OutputOptions {
  readonly from: string;
  readonly to: string;
  readonly keep?: true;
}

export default defineCommand<Options>({
  configure: (command) => {
    command
      .requiredOption('--from <store>', 'keychain, encrypted-file or mounted-files')
      .requiredOption('--to <store>', 'keychain or encrypted-file')
      .option('--keep', 'leave the secrets in the old store too');
    addOutputOption(command);
  },
  run: async ({ options: { from, to, keep = false, output }, context, terminal }) => {
    const api = await context.api();
    const done = await api.migrateStore({ from, to, keep });
    const what = keep ? 'copied and verified' : 'moved, verified and deleted from the old store';
    const count = done.moved.length;
    if (count > 0 || output !== 'table') {
      await show(terminal, output, done, () =>
        table(
          ['SECRET'],
          done.moved.map((id) => [id]),
        ),
      );
    }
    terminal.say(
      `${count} ${count === 1 ? 'secret' : 'secrets'} ${what}: ${done.from} → ${done.to}`,
    );
  },
});
