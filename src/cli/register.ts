import type { ControlApi } from '../control/api.ts';
import { ValetkeyError } from '../core/errors.ts';
import type { ProposalView } from '../core/view.ts';
import type { CliContext } from './context.ts';
import { parseLabels, selection, type SelectionOptions, type SettingsOptions } from './options.ts';
import type { OutputOptions } from './output.ts';

export interface RegisterOptions extends OutputOptions, SelectionOptions, SettingsOptions {
  readonly type?: string;
  readonly authMethod?: string;
  readonly autoConfigure?: true;
  readonly interactive?: true;
  readonly docs: boolean;
  readonly yes?: true;
  readonly expiresSkewTolerance?: string;
}

/** What this machine has already: looked up with the person's own variables, stored nowhere yet. */
export function proposalFor(
  api: ControlApi,
  type: string,
  attributes: Readonly<Record<string, string>>,
  options: RegisterOptions,
  { env }: CliContext,
): Promise<ProposalView> {
  const own = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return api.autoConfigure({
    type,
    auth_method: options.authMethod,
    ...selection(options),
    attributes: { ...attributes },
    env: Object.fromEntries(own),
  });
}

export function labelsOf(options: SettingsOptions): Record<string, string> | undefined {
  if (options.label === undefined) return undefined;
  const { set, bare } = parseLabels(options.label);
  if (bare[0] !== undefined) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: '--label',
      reason: `“${bare[0]}” has no value`,
      hint: 'write --label key=value',
    });
  }
  return set;
}
