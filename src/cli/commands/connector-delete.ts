import { defineCommand } from '../command.ts';
import { createPrompts } from '../prompts.ts';

interface Options {
  readonly yes?: true;
}

export default defineCommand<Options>({
  configure: (command) => {
    command.argument('<connector>', 'its name').option('-y, --yes', 'do not ask');
  },
  run: async ({ args: [name = ''], options, context, terminal }) => {
    const api = await context.api();
    if (terminal.interactive && !options.yes) {
      const { confirm } = await createPrompts(context);
      if (!(await confirm(`Delete ${name} and its secret?`, false))) {
        return terminal.say('nothing was changed');
      }
    }
    const removed = await api.remove({ name });
    return terminal.say(
      `connector ${removed.name} deleted; credentials it issued stay valid until they expire`,
    );
  },
});
