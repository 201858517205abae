import { ERRORS } from '../../core/errors.ts';
import type { ResourceListing } from '../../core/view.ts';
import { defineCommand } from '../command.ts';
import { addSelectionOptions, selection, type SelectionOptions } from '../options.ts';
import { addOutputOption, show, type OutputOptions } from '../output.ts';
import { verifiedText } from '../views.ts';

interface Options extends OutputOptions, SelectionOptions {
  readonly verifyOnly?: true;
}

export default defineCommand<Options>({
  configure: (command) => {
    command
      .argument('<connector>', 'its name')
      .option('-v, --verify-only', 'only prove that it works; list nothing');
    addOutputOption(addSelectionOptions(command));
  },
  run: async ({ args: [name = ''], options, context, terminal }) => {
    const api = await context.api();
    const verifyOnly = options.verifyOnly === true;
    const verified = await api.verify({ name, ...selection(options), verify_only: verifyOnly });
    const { accountId, resources } = verified;
    const principal = verified.principal || 'an account that the cloud does not name';
    await show(terminal, options.output, verified, () => verifiedText(verified));
    // One reachable type is enough for a connector of several; none is a failure however it authenticates.
    const [first] = resources;
    const failed = (row: ResourceListing) =>
      row.error !== undefined && row.resourceIds.length === 0;
    if (first?.error !== undefined && resources.every(failed)) {
      terminal.warn(
        `connector ${name} authenticates as ${principal}, but reaches nothing it was asked for`,
      );
      return ERRORS[first.error.code].exit;
    }
    const account = accountId === '' ? '' : ` (account ${accountId})`;
    terminal.say(`connector ${name} works: ${principal}${account}`);
    return undefined;
  },
});
