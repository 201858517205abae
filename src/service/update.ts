import { randomBytes } from 'node:crypto';

import { issuingPart } from '../catalog/record.ts';
import type { ConnectorRecord } from '../catalog/record.ts';
import type { ConnectorType } from '../connectors/contract.ts';
import { lookup } from '../connectors/input.ts';
import type { Saved } from '../control/api.ts';
import type { Checked } from '../control/schema.ts';
import { ValetkeyError } from '../core/errors.ts';
import { loginSecretIdOf, secretIdOf } from '../core/ids.ts';
import type { SecretId } from '../core/ids.ts';
import type { SecretFields } from '../stores/contract.ts';
import { checkRecord, warningsFor } from './check.ts';
import type { Service } from './context.ts';
import { parseExpiry, sortAttributes, withoutTold } from './fields.ts';
import { boundResource, expiryOf, verifyDraft } from './register.ts';
import type { Draft } from './register.ts';
import { itemOf, refuseChanged, refuseInUse, refuseTaken, writeWhole } from './saved.ts';
import { connectorView } from './view.ts';

/**
 * Changes a connector. Given attributes are laid over the stored ones, `remove` clears. The new
 * secret is written as an item of its own, then the record switches to it in one step, then the old
 * item goes: a kill at any instant leaves the old connector or the new one, whole.
 */
export async function update(service: Service, input: Checked['update']): Promise<Saved> {
  const current = await service.catalog.get(input.name);
  if (input.new_name !== undefined && input.new_name !== current.name) {
    refuseInUse(service, current.name);
    await refuseTaken(service, input.new_name);
  }
  const type = lookup(service.types, current.type, 'type');
  const draft = await draftOf(service, type, current, input);
  checkRecord(type, draft.record);
  const verified = input.verify ? await verifyDraft(service, draft) : undefined;
  const saved = await service.lock(() => save(service, current, draft));
  // A label is no reason to drop what clients live on while the cloud may be away.
  if (issuingPart(saved) !== issuingPart(current)) service.broker.forget(current.name);
  return {
    connector: connectorView(draft.record, type, service.store.kind),
    warnings: warningsFor(service, type, draft.record),
    verified,
  };
}

async function draftOf(
  service: Service,
  type: ConnectorType,
  current: ConnectorRecord,
  input: Checked['update'],
): Promise<Draft> {
  const removed = new Set(input.remove ?? []);
  const method = lookup(type.authMethods, input.auth_method ?? current.auth_method, 'auth_method');
  // Another method has other fields: nothing of the old configuration is carried over blindly.
  const kept = method.kind === current.auth_method;
  const stored = kept ? await storedSecret(service, current) : {};
  if (kept) refuseLost(current, { ...stored, ...input.attributes }, removed);
  const attributes = Object.fromEntries(
    Object.entries({
      ...(kept ? withoutTold(method, current.config, stored) : {}),
      ...revealed(stored),
      ...input.attributes,
    }).filter(([name]) => !removed.has(name)),
  );
  const { config, secret } = sortAttributes(method, attributes);
  const labels = { ...current.labels, ...input.labels };
  for (const label of input.remove_labels ?? []) delete labels[label];
  const record: ConnectorRecord = {
    ...current,
    name: input.new_name ?? current.name,
    auth_method: method.kind,
    description:
      input.description ?? (removed.has('description') ? undefined : current.description),
    labels,
    config: { ...config },
    secret_fields: Object.keys(secret),
    expires_at: updatedExpiry(service, type, current, input, removed),
    expiration_seconds:
      input.expiration_seconds ??
      (removed.has('expiration_seconds') || !kept ? undefined : current.expiration_seconds),
    allow_unscoped:
      input.allow_unscoped ?? (removed.has('allow_unscoped') ? false : current.allow_unscoped),
    updated_at: new Date(service.clock.now()).toISOString(),
  };
  return { record: rebound(record, type, input, removed), secret, notes: [] };
}

function updatedExpiry(
  service: Service,
  type: ConnectorType,
  current: ConnectorRecord,
  input: Checked['update'],
  removed: ReadonlySet<string>,
): string | undefined {
  const method = lookup(type.authMethods, input.auth_method ?? current.auth_method, 'auth_method');
  if (input.expires_at !== undefined) return parseExpiry(input.expires_at, service.clock.now());
  // The date is that of what was stored, and says nothing of what is stored now.
  const replaced =
    method.kind !== current.auth_method ||
    Object.keys(input.attributes ?? {}).some((name) => Object.hasOwn(method.secret.shape, name));
  if (replaced || removed.has('expires_at') || current.expires_at === undefined) {
    return expiryOf(service, method, undefined);
  }
  return current.expires_at;
}

function rebound(
  record: ConnectorRecord,
  type: ConnectorType,
  input: Checked['update'],
  removed: ReadonlySet<string>,
): ConnectorRecord {
  const { resource_type: oldType, resource_id: oldId, ...unbound } = record;
  const resource_type = input.resource_type ?? (removed.has('resource_type') ? undefined : oldType);
  const sameType = resource_type === oldType;
  const resource_id =
    input.resource_id ?? (removed.has('resource_id') || !sameType ? undefined : oldId);
  return { ...unbound, ...boundResource(unbound, type, { resource_type, resource_id }) };
}

/** Else a store that was lost, or is the wrong one, would make the record forget what it needs. */
function refuseLost(current: ConnectorRecord, known: object, removed: ReadonlySet<string>): void {
  const lost = current.secret_fields.filter((name) => !(name in known) && !removed.has(name));
  if (lost.length === 0) return;
  throw new ValetkeyError('SECRET_MISSING', {
    subject: current.name,
    hint: `give it again (${lost.join(', ')}), or choose the right store with VALETKEY_STORE`,
  });
}

async function storedSecret(service: Service, record: ConnectorRecord): Promise<SecretFields> {
  return (await service.store.get(itemOf(record))) ?? {};
}

function revealed(fields: SecretFields): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value.reveal()]));
}

/** All that is new first, then the record, which is the switch; what is old goes last. */
async function save(
  service: Service,
  current: ConnectorRecord,
  draft: Draft,
): Promise<ConnectorRecord> {
  const { store, catalog } = service;
  const renamed = draft.record.name !== current.name;
  await refuseChanged(service, current);
  if (renamed) await refuseTaken(service, draft.record.name);
  const before = await storedSecret(service, current);
  const changed = renamed || !sameFields(before, draft.secret);
  const hasSecret = Object.keys(draft.secret).length > 0;
  const fresh = changed && hasSecret ? freshItem(draft.record) : undefined;
  const record = { ...draft.record, secret: hasSecret ? (fresh ?? current.secret) : undefined };
  const written = [
    ...(fresh === undefined ? [] : [fresh]),
    ...(renamed ? [loginSecretIdOf(record.name)] : []),
  ];
  await writeWhole(service, record, written, async () => {
    if (fresh !== undefined) await store.set(fresh, draft.secret);
    if (renamed) await copyLogin(service, current, record);
    await (renamed ? catalog.create(record) : catalog.replace(record));
  });
  if (renamed) await catalog.remove(current.name);
  if (!store.writable) return record;
  if (changed) await store.delete(itemOf(current));
  if (renamed) await store.delete(loginSecretIdOf(current.name));
  return record;
}

function freshItem(record: ConnectorRecord): SecretId {
  return secretIdOf(record.name, `r${randomBytes(4).toString('hex')}`);
}

function sameFields(a: SecretFields, b: SecretFields): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => a[name]?.reveal() === b[name]?.reveal())
  );
}

async function copyLogin(
  { store }: Service,
  from: ConnectorRecord,
  to: ConnectorRecord,
): Promise<void> {
  const login = await store.get(loginSecretIdOf(from.name));
  if (login !== undefined) await store.set(loginSecretIdOf(to.name), login);
  else if (store.writable) await store.delete(loginSecretIdOf(to.name));
}
