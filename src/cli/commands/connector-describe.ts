import { Option } from 'commander';

import { ACCESS, type Access } from '../../core/credential.ts';
import { fromWire } from '../../core/errors.ts';
import { defineCommand } from '../command.ts';
import {
  addSelectionOptions,
  addShowSecretsOption,
  selection,
  type SelectionOptions,
} from '../options.ts';
import { addOutputOption, show, type OutputOptions } from '../output.ts';
import { connectorText, issuedText } from '../views.ts';

interface Options extends OutputOptions, SelectionOptions {
  readonly client?: true;
  readonly access?: Access;
}

export default defineCommand<Options>({
  configure: (command) => {
    command
      .argument('<connector>', 'its name')
      .option(
        '-c, --client',
        'issue a credential and show what a client gets (implied by the options below)',
      );
    addSelectionOptions(command).addOption(
      new Option('--access <access>', 'what the client may do').choices(ACCESS),
    );
    addOutputOption(addShowSecretsOption(command));
  },
  run: async ({ args: [name = ''], options, context, terminal }) => {
    const api = await context.api();
    const { client, access, resourceType, resourceId, output } = options;
    if (client || [access, resourceType, resourceId].some((one) => one !== undefined)) {
      const issued = await api.describeClient({ name, access, ...selection(options) });
      return show(terminal, output, issued, () => issuedText(issued, context.now()));
    }
    const connector = await api.describeConnector({ name });
    if (connector.error !== undefined) throw fromWire(connector.error);
    return show(terminal, output, connector, () => connectorText(connector, context.now()));
  },
});
