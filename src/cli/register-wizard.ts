import type { ControlApi } from '../control/api.ts';
import type { Inputs } from '../control/schema.ts';
import { ValetkeyError } from '../core/errors.ts';
import type { AuthMethodView, ResourceListing, TypeView } from '../core/view.ts';
import { settings } from './options.ts';
import type { Prompts } from './prompts.ts';
import { labelsOf, proposalFor, type RegisterOptions } from './register.ts';
import { readValues } from './secret-input.ts';
import { authMethodText, typeText } from './type-text.ts';
import { findResourceType, findType, impliedMethod, secretKeys } from './types.ts';
import { proposalText, showSaved } from './views.ts';
import {
  askAuthMethod,
  askFields,
  askLifetime,
  askName,
  askResourceType,
  askType,
  type Io,
  promptsOf,
} from './wizard.ts';

/**
 * `register -i`, in ZenML's order: name, description, type, resource type, what the machine has or
 * else method and fields, lifetime, expiry; verified, saved, and then narrowed to one resource if
 * wanted. What a flag says is not asked.
 */
export async function registerByQuestions(
  api: ControlApi,
  operands: readonly string[],
  attributes: Readonly<Record<string, string>>,
  options: RegisterOptions,
  io: Io,
): Promise<void> {
  const ask = await promptsOf(io);
  const { terminal } = io;
  const name = operands[0] ?? (await askName(api, ask));
  const description =
    options.description ?? (await ask.text({ message: 'Description (optional)', optional: true }));
  const type =
    options.type === undefined ? await askType(api, ask) : await findType(api, options.type);
  if (options.docs) terminal.say(`\n${typeText(type)}\n`);
  const resourceType =
    options.resourceType === undefined
      ? await askResourceType(type, ask)
      : findResourceType(type, options.resourceType).kind;
  const chosen = { ...options, ...(resourceType === undefined ? {} : { resourceType }) };
  const found =
    (await fromMachine(api, type, attributes, chosen, ask, io)) ??
    (await fromAnswers(type, attributes, chosen, ask, io));
  const saved = await api.register({
    name,
    type: type.kind,
    resource_type: resourceType,
    resource_id: options.resourceId,
    ...settings(options),
    description: description === '' ? undefined : description,
    labels: labelsOf(options),
    ...found,
  });
  await showSaved(terminal, options.output, 'registered', saved);
  if (resourceType === undefined || options.resourceId !== undefined) return;
  const listed = saved.verified?.resources.filter((row) => row.resourceType === resourceType);
  const id = await askResource(listed ?? [], ask);
  if (id === undefined) return;
  const narrowed = await api.update({ name, resource_id: id });
  await showSaved(terminal, options.output, `limited to ${id}`, narrowed);
}

type Found = Pick<
  Inputs['register'],
  'auth_method' | 'attributes' | 'proposal' | 'expiration_seconds' | 'expires_at'
>;

/** Offers what the machine has already. Absent: not supported, nothing found, or not wanted. */
async function fromMachine(
  api: ControlApi,
  type: TypeView,
  attributes: Readonly<Record<string, string>>,
  options: RegisterOptions,
  ask: Prompts,
  io: Io,
): Promise<Found | undefined> {
  if (!type.autoConfigure) return undefined;
  if (!options.autoConfigure && !(await ask.confirm('Look for what this machine has already?')))
    return undefined;
  try {
    const values = await readValues(attributes, secretKeys(type, undefined), io);
    const proposal = await proposalFor(api, type.kind, values, options, io.context);
    io.terminal.say(`\n${proposalText(proposal, io.context.now())}\n`);
    return (await ask.confirm('Use this?')) ? { proposal: proposal.proposal } : undefined;
  } catch (error) {
    if (!(error instanceof ValetkeyError)) throw error;
    io.terminal.warn(error.message, error.hint);
    return undefined;
  }
}

async function fromAnswers(
  type: TypeView,
  attributes: Readonly<Record<string, string>>,
  options: RegisterOptions,
  ask: Prompts,
  io: Io,
): Promise<Found> {
  const method: AuthMethodView =
    options.authMethod === undefined
      ? await askAuthMethod(type, ask)
      : (impliedMethod(type, options.authMethod) ?? (await askAuthMethod(type, ask)));
  if (options.docs) io.terminal.say(`\n${authMethodText(type, method)}\n`);
  const given = await readValues(attributes, secretKeys(type, method), io);
  const asked = await askFields(method.fields, given, ask, io);
  const stored = method.fields.some((field) => field.secret);
  const expiresAt = options.expiresAt ?? (stored ? await askExpiry(ask) : '');
  return {
    auth_method: method.kind,
    attributes: { ...asked, ...given },
    expiration_seconds: options.expirationSeconds ?? (await askLifetime(method.lifetime, ask)),
    expires_at: expiresAt === '' ? undefined : expiresAt,
  };
}

function askExpiry(ask: Prompts): Promise<string> {
  return ask.text({
    message: 'When do these credentials themselves expire? UTC; empty: never',
    placeholder: '2026-12-31 18:00:00',
    optional: true,
    check: (value) =>
      Number.isNaN(Date.parse(value)) ? 'a date such as 2026-12-31 18:00:00' : undefined,
  });
}

/** One of the resources that verification listed, or all of them. */
async function askResource(
  listings: readonly ResourceListing[],
  ask: Prompts,
): Promise<string | undefined> {
  const ids = listings.flatMap((row) => (row.error === undefined ? row.resourceIds : []));
  if (ids.length < 2) return undefined;
  const every = { value: '', label: 'all of them', hint: `${ids.length}` };
  const id = await ask.choose('Limit the connector to one resource?', [
    every,
    ...ids.map((one) => ({ value: one, label: one })),
  ]);
  return id === '' ? undefined : id;
}
