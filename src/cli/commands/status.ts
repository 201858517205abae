import { defineCommand } from '../command.ts';
import { addOutputOption, show, type OutputOptions } from '../output.ts';
import { statusText } from '../status-text.ts';

export default defineCommand<OutputOptions>({
  configure: (command) => void addOutputOption(command),
  run: async ({ options, context, terminal }) => {
    const api = await context.api();
    const status = await api.status({});
    await show(terminal, options.output, status, () => statusText(status, context.now()));
    if (status.mode === 'in-process')
      terminal.say('no daemon is running; valetkey serve starts one');
  },
});
