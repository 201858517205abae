import type { ControlApi } from '../../control/api.ts';
import type { Inputs } from '../../control/schema.ts';
import { ValetkeyError } from '../../core/errors.ts';
import { connectorName, parseAttributes } from '../attributes.ts';
import { defineCommand } from '../command.ts';
import {
  addSelectionOptions,
  addSettingsOptions,
  addShowSecretsOption,
  selection,
  settings,
  single,
} from '../options.ts';
import { addOutputOption } from '../output.ts';
import { createPrompts } from '../prompts.ts';
import { registerByQuestions } from '../register-wizard.ts';
import { labelsOf, proposalFor, type RegisterOptions } from '../register.ts';
import { readValues } from '../secret-input.ts';
import { findType, impliedMethod, secretKeys } from '../types.ts';
import { proposalText, showSaved } from '../views.ts';
import { askFields, type Io } from '../wizard.ts';

export default defineCommand<RegisterOptions>({
  configure: (command) => {
    command
      .usage('<connector> --type <type> [options] [--<attribute>=<value> …]')
      .argument('[connector]', 'a new name')
      .allowUnknownOption()
      .allowExcessArguments()
      .addOption(single('-t, --type <type>', 'connector type, such as aws'))
      .addOption(single('-a, --auth-method <auth-method>', 'how it obtains credentials'))
      .option('--auto-configure', 'take what this machine has already')
      .option('-i, --interactive', 'ask for everything')
      .option('-n, --no-docs', 'with -i: no explanations')
      .option('-y, --yes', 'do not ask before saving')
      .option(
        '--expires-skew-tolerance <seconds>',
        'taken for ZenML’s sake; renewal is always ahead of time',
      );
    addSettingsOptions(addSelectionOptions(command));
    addOutputOption(addShowSecretsOption(command));
    command.addHelpText('after', EXAMPLES);
  },
  run: async ({ args, options, context, terminal }) => {
    const io = { context, terminal };
    const { operands, attributes } = parseAttributes(args);
    if (options.expiresSkewTolerance !== undefined) {
      terminal.warn(
        '--expires-skew-tolerance has no effect: credentials are renewed well before they expire',
      );
    }
    const api = await context.api();
    if (options.interactive) return registerByQuestions(api, operands, attributes, options, io);

    const name = connectorName(operands);
    const save = options.autoConfigure ? autoConfigure : fromFlags;
    const found = await save(api, attributes, options, io);
    if (found === undefined) return terminal.say('nothing was saved');
    const saved = await api.register({
      name,
      type: typeOf(options),
      ...selection(options),
      ...settings(options),
      labels: labelsOf(options),
      ...found.input,
    });
    const warnings = saved.warnings.filter((one) => !found.notes.includes(one));
    return showSaved(terminal, options.output, 'registered', { ...saved, warnings });
  },
});

interface Found {
  readonly input: Pick<Inputs['register'], 'auth_method' | 'attributes' | 'proposal'>;
  /** Shown already, and so not repeated when the registration returns them. */
  readonly notes: readonly string[];
}

/** Shows what was found; a person may still say no. */
async function autoConfigure(
  api: ControlApi,
  attributes: Readonly<Record<string, string>>,
  options: RegisterOptions,
  { context, terminal }: Io,
): Promise<Found | undefined> {
  const type = await findType(api, typeOf(options));
  const values = await readValues(attributes, secretKeys(type, undefined), { context, terminal });
  const proposal = await proposalFor(api, type.kind, values, options, context);
  terminal.say(`${proposalText(proposal, context.now())}\n`);
  if (terminal.interactive && !options.yes) {
    const { confirm } = await createPrompts(context);
    if (!(await confirm('Save this connector?'))) return undefined;
  }
  return { input: { proposal: proposal.proposal }, notes: proposal.notes };
}

async function fromFlags(
  api: ControlApi,
  attributes: Readonly<Record<string, string>>,
  options: RegisterOptions,
  io: Io,
): Promise<Found> {
  const type = await findType(api, typeOf(options));
  const method = impliedMethod(type, options.authMethod);
  const given = await readValues(attributes, secretKeys(type, method), io);
  // Secrets are asked for, so that nobody has to write one into a command line.
  const missing = method?.fields.filter((field) => field.secret && field.required) ?? [];
  const asked =
    io.terminal.interactive && missing.some(({ name }) => !Object.hasOwn(given, name))
      ? await askFields(missing, given, await createPrompts(io.context), io)
      : {};
  const attributesGiven = { ...given, ...asked };
  return { input: { auth_method: options.authMethod, attributes: attributesGiven }, notes: [] };
}

function typeOf({ type }: RegisterOptions): string {
  if (type !== undefined) return type;
  throw new ValetkeyError('USAGE', {
    subject: '--type',
    reason: 'a connector type is needed',
    hint: 'valetkey connector list-types shows them; valetkey connector register -i asks for everything',
  });
}

const EXAMPLES = `
Any other --<attribute>=<value> configures the auth method; @file takes a file’s content, @- standard input:
  valetkey connector register aws-dev --type aws --auth-method profile --profile=dev-account
  valetkey connector register aws-auto --type aws --auto-configure
  valetkey connector register aws-s3 --type aws --auto-configure --resource-type s3-bucket
`;
