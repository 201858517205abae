import { defineCommand } from '../command.ts';
import { addSelectionOptions, repeatable, selection, type SelectionOptions } from '../options.ts';
import { addOutputOption, show, type OutputOptions } from '../output.ts';
import { table } from '../table.ts';
import { errorText } from '../terminal.ts';
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
    return show(terminal, options.output, connectors, () =>
      table(
        ['NAME', 'TYPE', 'AUTH METHOD', 'RESOURCE TYPES', 'RESOURCE NAME', 'EXPIRES IN', 'LABELS'],
        connectors.map((one) =>
          one.error === undefined
            ? [
                one.name,
                one.type,
                one.authMethod,
                one.resourceTypes.join('\n'),
                one.resourceId ?? '<multiple>',
                remaining(one.expiresAt, context.now()),
                Object.entries(one.labels)
                  .map(([key, value]) => `${key}=${value}`)
                  .join('\n'),
              ]
            : [one.name, `error: ${errorText(one.error)}`],
        ),
      ),
    );
  },
});
