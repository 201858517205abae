import { fromWire } from '../../core/errors.ts';
import type { ConnectorView } from '../../core/view.ts';
import { defineCommand } from '../command.ts';
import { addSelectionOptions, repeatable, selection, type SelectionOptions } from '../options.ts';
import { addOutputOption, show, type OutputOptions } from '../output.ts';
import { table } from '../table.ts';
import { remaining } from '../times.ts';

interface Options extends OutputOptions, SelectionOptions {
  readonly type?: string;
  readonly authMethod?: string;
  readonly label?: readonly string[];
}

export default defineCommand<Options>({
  configure: (command) => {
    command
      .option('-t, --type <type>', 'only connectors of this type')
      .option('-a, --auth-method <auth-method>', 'only connectors with this auth method')
      .addOption(repeatable('-l, --label <key[=value]>', 'only connectors with this label'));
    addOutputOption(addSelectionOptions(command));
  },
  run: async ({ options, context, terminal }) => {
    const api = await context.api();
    const connectors = await api.listConnectors({
      type: options.type,
      auth_method: options.authMethod,
      labels: options.label === undefined ? undefined : [...options.label],
      ...selection(options),
    });
    if (connectors.length === 0 && options.output === 'table') {
      return terminal.say('no connectors; valetkey connector register makes one');
    }
    for (const { error } of connectors) {
      if (error !== undefined) terminal.warn(fromWire(error).message, error.hint);
    }
    return show(terminal, options.output, connectors, () =>
      table(
        ['NAME', 'TYPE', 'AUTH METHOD', 'RESOURCE TYPES', 'RESOURCE NAME', 'EXPIRES IN', 'LABELS'],
        connectors.map((one) => row(one, context.now())),
      ),
    );
  },
});

function row(view: ConnectorView, now: number) {
  if (view.error !== undefined) return [view.name, '<unreadable>'];
  return [
    view.name,
    view.type,
    view.authMethod,
    view.resourceTypes.join('\n'),
    view.resourceId ?? '<multiple>',
    remaining(view.expiresAt, now),
    Object.entries(view.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join('\n'),
  ];
}
