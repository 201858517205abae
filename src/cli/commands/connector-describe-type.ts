import { ValetkeyError } from '../../core/errors.ts';
import { defineCommand } from '../command.ts';
import { addOutputOption, show, type OutputOptions } from '../output.ts';
import { authMethodText, resourceTypeText, typeText } from '../type-text.ts';
import { findAuthMethod, findResourceType, findType } from '../types.ts';

interface Options extends OutputOptions {
  readonly resourceType?: string;
  readonly authMethod?: string;
}

export default defineCommand<Options>({
  configure: (command) => {
    command
      .argument('<type>', 'connector type, such as aws')
      .option('-r, --resource-type <resource-type>', 'explain this resource type')
      .option('-a, --auth-method <auth-method>', 'explain this auth method and its attributes');
    addOutputOption(command);
  },
  run: async ({
    args: [kind = ''],
    options: { resourceType, authMethod, output },
    context,
    terminal,
  }) => {
    if (resourceType !== undefined && authMethod !== undefined) {
      throw new ValetkeyError('USAGE', {
        subject: '--auth-method',
        reason: 'it cannot be combined with --resource-type',
        hint: 'ask for one of the two at a time',
      });
    }
    const type = await findType(await context.api(), kind);
    if (resourceType !== undefined) {
      const resource = findResourceType(type, resourceType);
      return show(terminal, output, resource, () => resourceTypeText(type, resource));
    }
    if (authMethod !== undefined) {
      const method = findAuthMethod(type, authMethod);
      return show(terminal, output, method, () => authMethodText(type, method));
    }
    return show(terminal, output, type, () => typeText(type));
  },
});
