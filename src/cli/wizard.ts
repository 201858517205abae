import { ValetkeyError } from '../core/errors.ts';
import { ConnectorName } from '../core/ids.ts';
import type {
  AuthMethodView,
  ConnectorView,
  FieldView,
  LifetimeView,
  TypeView,
} from '../core/view.ts';
import type { ControlApi } from '../control/api.ts';
import type { CliContext } from './context.ts';
import { createPrompts, type Prompts } from './prompts.ts';
import { readAnswer } from './secret-input.ts';
import { valueText } from './table.ts';
import type { Terminal } from './terminal.ts';
import { duration } from './times.ts';

export interface Io {
  readonly context: CliContext;
  readonly terminal: Terminal;
}

/** Questions need a person; a pipe would answer them with garbage. */
export async function promptsOf({ context, terminal }: Io): Promise<Prompts> {
  if (terminal.interactive) return createPrompts(context);
  throw new ValetkeyError('USAGE', {
    subject: '--interactive',
    reason: 'there is no terminal to ask on',
    hint: 'give the answers as flags; valetkey connector describe-type <type> lists them',
  });
}

export async function askName(api: ControlApi, ask: Prompts): Promise<string> {
  const taken = new Set((await api.listConnectors({})).map(({ name }) => name));
  return ask.text({
    message: 'Name of the connector',
    placeholder: 'aws-dev',
    check: (value) => {
      const parsed = ConnectorName.safeParse(value);
      if (!parsed.success) return parsed.error.issues[0]?.message;
      return taken.has(value) ? 'a connector of this name exists already' : undefined;
    },
  });
}

export async function askType(api: ControlApi, ask: Prompts): Promise<TypeView> {
  const types = await api.listTypes({});
  const kind = await ask.choose('Connector type', types.map(asChoice));
  return pick(types, kind);
}

/** Absent: for every resource type of the connector type. */
export async function askResourceType(type: TypeView, ask: Prompts): Promise<string | undefined> {
  const every = { value: '', label: 'all of them', hint: 'chosen anew with each grant' };
  const kind = await ask.choose('Resource type', [every, ...type.resourceTypes.map(asChoice)]);
  return kind === '' ? undefined : kind;
}

export async function askAuthMethod(type: TypeView, ask: Prompts): Promise<AuthMethodView> {
  if (type.authMethods.length === 1) return pick(type.authMethods, type.authMethods[0]?.kind);
  return pick(type.authMethods, await ask.choose('Auth method', type.authMethods.map(asChoice)));
}

/** A value for each field that is not given yet; unanswered optional ones are left out. */
export async function askFields(
  fields: readonly FieldView[],
  given: Readonly<Record<string, string>>,
  ask: Prompts,
  io: Io,
): Promise<Record<string, string>> {
  const answers: Record<string, string> = {};
  for (const field of fields) {
    if (Object.hasOwn(given, field.name)) continue;
    const answer = await askUntilRead(field, ask, io);
    if (answer !== '') answers[field.name] = answer;
  }
  return answers;
}

/** A file that cannot be read is asked for again. */
async function askUntilRead(field: FieldView, ask: Prompts, io: Io): Promise<string> {
  for (;;) {
    const written = await askField(field, ask);
    try {
      return await readAnswer(field.name, written, field.secret, io.context);
    } catch (error) {
      if (!(error instanceof ValetkeyError)) throw error;
      io.terminal.warn(error.message, error.hint);
    }
  }
}

/**
 * For `update -i`: what is stored is offered again, and a secret left empty stays as it is. Only what
 * was changed counts as given: the rest may follow from a new secret.
 */
export async function askChanges(
  method: AuthMethodView,
  current: ConnectorView,
  given: Readonly<Record<string, string>>,
  io: Io,
): Promise<Record<string, string>> {
  const ask = await promptsOf(io);
  const stored = current.authMethod === method.kind ? current : undefined;
  const fields = method.fields.map((field): FieldView => {
    const value = stored?.configuration[field.name];
    if (value !== undefined) return { ...field, default: value };
    return stored?.secretFields.includes(field.name) ? { ...field, required: false } : field;
  });
  const answers = await askFields(fields, given, ask, io);
  const offered = stored?.configuration ?? {};
  return Object.fromEntries(
    Object.entries(answers).filter(
      ([name, answer]) => offered[name] === undefined || valueText(offered[name]) !== answer,
    ),
  );
}

/** Lifetime in seconds; absent = the method's default. */
export async function askLifetime(
  lifetime: LifetimeView | undefined,
  ask: Prompts,
): Promise<number | undefined> {
  if (lifetime === undefined) return undefined;
  const { min, max, default: standard } = lifetime;
  const answer = await ask.text({
    message: `Lifetime of what it issues, in seconds (${min} to ${max}, which is ${duration(min)} to ${duration(max)})`,
    placeholder: `${standard} (${duration(standard)})`,
    optional: true,
    check: (value) => {
      const seconds = /^\d+$/.test(value) ? Number(value) : Number.NaN;
      return seconds >= min && seconds <= max ? undefined : `a whole number from ${min} to ${max}`;
    },
  });
  return answer === '' ? undefined : Number(answer);
}

function askField(field: FieldView, ask: Prompts): Promise<string> {
  const optional = !field.required;
  const message = `${field.name}${optional ? ' (optional)' : ''}: ${field.description}`;
  if (field.secret) return ask.secret(message, optional);
  const initial = field.default === undefined ? undefined : valueText(field.default);
  if (field.type !== 'boolean') return ask.text({ message, initial, optional });
  const choices = [
    { value: 'true', label: 'yes' },
    { value: 'false', label: 'no' },
  ];
  return ask.choose(message, initial === 'true' ? choices : choices.toReversed());
}

function asChoice({ kind, title }: { kind: string; title: string }) {
  return { value: kind, label: kind, hint: title };
}

function pick<T extends { kind: string }>(entries: readonly T[], kind: string | undefined): T {
  const found = entries.find((entry) => entry.kind === kind);
  if (found === undefined)
    throw new ValetkeyError('NOT_FOUND', { reason: 'there is nothing to choose from' });
  return found;
}
