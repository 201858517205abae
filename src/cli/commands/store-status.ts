import { ERRORS } from '../../core/errors.ts';
import { defineCommand } from '../command.ts';
import { addOutputOption, show, type OutputOptions } from '../output.ts';
import { properties } from '../table.ts';
import { errorText } from '../terminal.ts';

export default defineCommand<OutputOptions>({
  configure: (command) => void addOutputOption(command),
  run: async ({ options, context, terminal }) => {
    const api = await context.api();
    const { store } = await api.status({});
    await show(terminal, options.output, store, () =>
      properties({
        STORE: store.kind,
        LOCATION: store.location,
        STATE: store.error === undefined ? 'answers' : `error: ${errorText(store.error)}`,
        'NEXT STEP': store.error?.hint,
      }),
    );
    return store.error === undefined ? undefined : ERRORS[store.error.code].exit;
  },
});
