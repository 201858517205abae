import type { ResourceListing } from '../../core/view.ts';
import { defineCommand } from '../command.ts';
import { addSelectionOptions, selection, type SelectionOptions } from '../options.ts';
import { addOutputOption, show, type OutputOptions } from '../output.ts';
import { table } from '../table.ts';
import { resourceNames } from '../views.ts';

interface Options extends OutputOptions, SelectionOptions {
  readonly connectorType?: string;
  readonly excludeErrors?: true;
}

export default defineCommand<Options>({
  configure: (command) => {
    command
      .argument('[connector]', 'only this connector')
      .option('-c, --connector-type <type>', 'only connectors of this type')
      .option('-e, --exclude-errors', 'leave out connectors that fail');
    addOutputOption(addSelectionOptions(command));
  },
  run: async ({ args: [name], options, context, terminal }) => {
    const api = await context.api();
    const all = await api.listResources({
      name,
      type: options.connectorType,
      ...selection(options),
    });
    const listings = options.excludeErrors ? withoutErrors(all) : all;
    if (listings.length === 0 && options.output === 'table') {
      return terminal.say('no connector reaches such a resource');
    }
    return show(terminal, options.output, listings, () =>
      table(
        ['CONNECTOR', 'TYPE', 'RESOURCE TYPE', 'RESOURCE NAMES'],
        listings.map((row) => [
          row.connector,
          row.connectorType,
          row.resourceType,
          resourceNames(row),
        ]),
      ),
    );
  },
});

/** What failed half-way keeps what it found. */
function withoutErrors(rows: readonly ResourceListing[]): readonly ResourceListing[] {
  return rows
    .filter(({ error, resourceIds }) => error === undefined || resourceIds.length > 0)
    .map((row) => ({ ...row, error: undefined }));
}
