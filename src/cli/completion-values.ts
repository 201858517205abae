import type { Argument, Command, Option } from 'commander';

import type { ControlApi } from '../control/api.ts';
import { flagOf } from './attributes.ts';
import type { CliContext } from './context.ts';

export interface Candidate {
  readonly value: string;
  readonly description?: string;
}

/** In place of candidates: the shell completes file names by itself. */
export const FILES: readonly Candidate[] = [{ value: ':files' }];

type Values = Readonly<Record<string, string>>;
type Source = (api: ControlApi, values: Values) => Promise<readonly Candidate[]>;

/** Where the values of a placeholder come from: `--type <type>` and `<type>` alike. */
const SOURCES: Readonly<Record<string, Source>> = {
  connector: connectors,
  grant: connectors,
  type: async (api) => (await api.listTypes({})).map(asCandidate),
  'auth-method': async (api, values) =>
    (await typesMeant(api, values)).flatMap((type) => type.authMethods.map(asCandidate)),
  'resource-type': async (api, values) =>
    (await typesMeant(api, values)).flatMap((type) => type.resourceTypes.map(asCandidate)),
  workload: async (api) => (await api.status({})).workloads.map(({ name }) => ({ value: name })),
};

/** Candidates for an option's value or an argument. */
export async function valuesOf(
  slot: Option | Argument,
  command: Command,
  values: Values,
  context: CliContext,
): Promise<readonly Candidate[]> {
  if (slot.argChoices !== undefined) return slot.argChoices.map((value) => ({ value }));
  const placeholder = placeholderOf(slot);
  if (placeholder === 'file' || placeholder === 'command') return FILES;
  const source = SOURCES[placeholder];
  const isNewName = placeholder === 'connector' && command.name() === 'register';
  if (source === undefined || isNewName) return [];
  return quietly(async () => source(await context.api(), values));
}

/** `--role-arn=` and the like: attributes of the chosen type and method, where a command takes them. */
export async function attributeFlags(
  command: Command,
  values: Values,
  context: CliContext,
): Promise<readonly Candidate[]> {
  if (!['register', 'update'].includes(command.name())) return [];
  return quietly(async () => {
    const api = await context.api();
    const stored =
      values['--type'] === undefined && values['0'] !== undefined
        ? await api.describeConnector({ name: values['0'] })
        : undefined;
    const kind = values['--type'] ?? stored?.type;
    if (kind === undefined) return [];
    const method = values['--auth-method'] ?? stored?.authMethod;
    const types = await api.listTypes({ type: kind });
    const methods = types.flatMap((type) => type.authMethods);
    const fields = methods
      .filter((one) => method === undefined || one.kind === method)
      .flatMap((one) => one.fields);
    const byName = new Map(fields.map((field) => [field.name, field.description]));
    return [...byName].map(([name, description]) => ({ value: `${flagOf(name)}=`, description }));
  });
}

async function connectors(api: ControlApi): Promise<readonly Candidate[]> {
  return (await api.listConnectors({})).map((one) => ({
    value: one.name,
    description: one.error === undefined ? `${one.type}, ${one.authMethod}` : 'cannot be read',
  }));
}

/** Types that `--type`, a type argument or a connector's name leave open. */
async function typesMeant(api: ControlApi, values: Values) {
  const kind = values['--type'] ?? values['--connector-type'];
  if (kind !== undefined) return api.listTypes({ type: kind });
  const all = await api.listTypes({});
  const named = all.filter((type) => type.kind === values['0']);
  return named.length > 0 ? named : all;
}

function asCandidate({ kind, title }: { kind: string; title: string }): Candidate {
  return { value: kind, description: title };
}

function placeholderOf(slot: Option | Argument): string {
  if ('flags' in slot) return /<([a-z-]+)>/.exec(slot.flags)?.[1] ?? '';
  return slot.name();
}

/** A person in the middle of a word is not told about errors. */
async function quietly(work: () => Promise<readonly Candidate[]>): Promise<readonly Candidate[]> {
  try {
    return await work();
  } catch {
    return [];
  }
}
