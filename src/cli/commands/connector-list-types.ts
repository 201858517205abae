import { Option } from 'commander';

import { defineCommand } from '../command.ts';
import { addOutputOption, show, type OutputOptions } from '../output.ts';
import { table } from '../table.ts';

interface Options extends OutputOptions {
  readonly type?: string;
  readonly resourceType?: string;
  readonly authMethod?: string;
  readonly detailed?: true;
}

export default defineCommand<Options>({
  configure: (command) => {
    command
      .option('-t, --type <type>', 'only this type')
      .option('-r, --resource-type <resource-type>', 'only types that have this resource type')
      .option('-a, --auth-method <auth-method>', 'only types that have this auth method')
      .addOption(new Option('-d, --detailed', 'with what each method and resource type is'));
    addOutputOption(command);
  },
  run: async ({ options, context, terminal }) => {
    const api = await context.api();
    const types = await api.listTypes({
      type: options.type,
      resource_type: options.resourceType,
      auth_method: options.authMethod,
    });
    const names = (entries: readonly { kind: string; title: string }[]) =>
      entries.map(({ kind, title }) => (options.detailed ? `${kind}: ${title}` : kind)).join('\n');
    await show(terminal, options.output, types, () =>
      table(
        ['NAME', 'TYPE', 'RESOURCE TYPES', 'AUTH METHODS'],
        types.map((type) => [
          type.title,
          type.kind,
          names(type.resourceTypes),
          names(type.authMethods),
        ]),
      ),
    );
  },
});
