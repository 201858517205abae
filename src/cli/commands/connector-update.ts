import type { Command } from 'commander';

import { connectorName, keyOf, parseAttributes } from '../attributes.ts';
import { defineCommand } from '../command.ts';
import {
  addSelectionOptions,
  addSettingsOptions,
  addShowSecretsOption,
  parseLabels,
  repeatable,
  selection,
  type SelectionOptions,
  settings,
  type SettingsOptions,
  single,
} from '../options.ts';
import { addOutputOption, type OutputOptions } from '../output.ts';
import { readValues } from '../secret-input.ts';
import { findAuthMethod, findType, secretKeys } from '../types.ts';
import { showSaved } from '../views.ts';
import { askChanges } from '../wizard.ts';

interface Options extends OutputOptions, SelectionOptions, SettingsOptions {
  readonly name?: string;
  readonly authMethod?: string;
  readonly removeAttr?: readonly string[];
  readonly interactive?: true;
}

export default defineCommand<Options>({
  configure: (command: Command) => {
    command
      .usage('<connector> [options] [--<attribute>=<value> …]')
      .argument('<connector>', 'its name')
      .allowUnknownOption()
      .allowExcessArguments()
      .addOption(single('--name <new-name>', 'rename it'))
      .addOption(single('-a, --auth-method <auth-method>', 'another auth method'))
      .addOption(repeatable('--remove-attr <attribute>', 'clear an attribute or setting'))
      .option('-i, --interactive', 'ask for the attributes');
    addSettingsOptions(addSelectionOptions(command));
    addOutputOption(addShowSecretsOption(command));
  },
  run: async ({ args, options, context, terminal }) => {
    const { operands, attributes } = parseAttributes(args);
    const name = connectorName(operands);
    const api = await context.api();
    const current = await api.describeConnector({ name });
    const type = await findType(api, current.type);
    const method = findAuthMethod(type, options.authMethod ?? current.authMethod);
    const io = { context, terminal };
    const given = await readValues(attributes, secretKeys(type, method), io);
    const asked = options.interactive ? await askChanges(method, current, given, io) : {};
    const labels = parseLabels(options.label);
    const saved = await api.update({
      name,
      new_name: options.name,
      auth_method: options.authMethod,
      ...selection(options),
      ...settings(options),
      attributes: { ...asked, ...given },
      labels: labels.set,
      remove_labels: labels.bare,
      remove: options.removeAttr?.map(keyOf),
    });
    await showSaved(terminal, options.output, 'updated', saved);
  },
});
