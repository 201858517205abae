import type { CatalogEntry } from '../catalog/catalog.ts';
import type { ConnectorRecord } from '../catalog/record.ts';
import { lookup } from '../connectors/input.ts';
import type { Checked } from '../control/schema.ts';
import { fromWire, toValetkeyError, toWire, ValetkeyError, withSubject } from '../core/errors.ts';
import { loginSecretIdOf, secretIdOf } from '../core/ids.ts';
import type { ConnectorName } from '../core/ids.ts';
import type { ConnectorView, IssuedView, ResourceListing, VerifyResult } from '../core/view.ts';
import type { Service } from './context.ts';
import { resourceOf } from './grants.ts';
import { verifySubject } from './probe.ts';
import { wantedResources } from './register.ts';
import { itemOf, refuseInUse } from './saved.ts';
import { brokenView, connectorView, issuedView } from './view.ts';

const CLIENT_WAIT_MS = 30_000;

export async function listConnectors(
  service: Service,
  filter: Checked['listConnectors'],
): Promise<readonly ConnectorView[]> {
  const entries = await service.catalog.list();
  return entries
    .filter((entry) => entry.record === undefined || matches(service, entry.record, filter))
    .map((entry) => viewOf(service, entry));
}

function viewOf(service: Service, entry: CatalogEntry): ConnectorView {
  if (entry.record === undefined) return brokenView(entry);
  try {
    const { record, type } = service.issuer.openSaved(entry.record);
    return connectorView(record, type, service.store.kind);
  } catch (error) {
    return brokenView({ name: entry.name, error: toValetkeyError(error) });
  }
}

function matches(
  service: Service,
  record: ConnectorRecord,
  filter: Checked['listConnectors'],
): boolean {
  const kinds =
    record.resource_type === undefined
      ? Object.keys(service.types[record.type]?.resourceTypes ?? {})
      : [record.resource_type];
  return (
    (filter.type === undefined || filter.type === record.type) &&
    (filter.auth_method === undefined || filter.auth_method === record.auth_method) &&
    (filter.resource_type === undefined || kinds.includes(filter.resource_type)) &&
    (filter.resource_id === undefined || filter.resource_id === record.resource_id) &&
    (filter.labels ?? []).every((label) => hasLabel(record, label))
  );
}

/** `key` or `key=value`. */
function hasLabel(record: ConnectorRecord, label: string): boolean {
  const at = label.indexOf('=');
  return at < 0
    ? Object.hasOwn(record.labels, label)
    : record.labels[label.slice(0, at)] === label.slice(at + 1);
}

export async function describeConnector(
  service: Service,
  { name }: Checked['describeConnector'],
): Promise<ConnectorView> {
  const record = await service.catalog.get(name);
  return connectorView(record, service.types[record.type], service.store.kind);
}

/** Issues through the broker, as a client would get it; nothing secret is in the view. */
export async function describeClient(
  service: Service,
  input: Checked['describeClient'],
): Promise<IssuedView> {
  const record = await service.catalog.get(input.name);
  const type = lookup(service.types, record.type, 'type');
  const resource = resourceOf(record, type, input);
  const request = { connector: input.name, resources: [resource] as const };
  return issuedView(await service.broker.get(request, CLIENT_WAIT_MS));
}

export async function verify(service: Service, input: Checked['verify']): Promise<VerifyResult> {
  try {
    return await verified(service, input);
  } catch (error) {
    throw withSubject(error, input.name);
  }
}

async function verified(service: Service, input: Checked['verify']): Promise<VerifyResult> {
  const record = await service.catalog.get(input.name);
  const open = service.issuer.openSaved(record);
  const chosen = input.resource_type !== undefined || input.resource_id !== undefined;
  const wanted = chosen
    ? [resourceOf(record, open.type, input)]
    : wantedResources(record, open.type);
  const subject = { open, input: await service.issuer.inputOf(open) };
  const result = await verifySubject(service, subject, wanted, input.verify_only !== true);
  service.broker.forgive(input.name); // what failed before need not be waited out
  return result;
}

/** Every matching connector's resources; a connector that fails is a row with its error. */
export async function listResources(
  service: Service,
  input: Checked['listResources'],
): Promise<readonly ResourceListing[]> {
  const entries = await service.catalog.list();
  const chosen = entries.filter(
    ({ name, record }) =>
      (input.name === undefined || input.name === name) &&
      (input.type === undefined || record?.type === input.type),
  );
  if (input.name !== undefined && chosen.length === 0) await service.catalog.get(input.name);
  const rows: ResourceListing[] = [];
  for (const entry of chosen) rows.push(...(await resourcesOf(service, entry, input)));
  const [only] = rows;
  const nothing = only?.resourceIds.length === 0;
  if (input.name !== undefined && rows.length === 1 && nothing && only.error !== undefined) {
    // One connector, one type, no answer: that is the command's own failure.
    throw fromWire(only.error);
  }
  return rows;
}

async function resourcesOf(
  service: Service,
  entry: CatalogEntry,
  input: Checked['listResources'],
): Promise<readonly ResourceListing[]> {
  const blank = { connector: entry.name, connectorType: entry.record?.type ?? '', resourceIds: [] };
  if (entry.record === undefined) {
    return [{ ...blank, resourceType: '', error: toWire(entry.error) }];
  }
  try {
    const open = service.issuer.openSaved(entry.record);
    const asked = input.resource_type !== undefined || input.resource_id !== undefined;
    if (asked && input.resource_type !== undefined && !takes(entry.record, input.resource_type))
      return [];
    const wanted = asked
      ? [resourceOf(entry.record, open.type, input)]
      : wantedResources(entry.record, open.type);
    const subject = { open, input: await service.issuer.inputOf(open) };
    return (await verifySubject(service, subject, wanted, true)).resources;
  } catch (error) {
    const wire = toWire(toValetkeyError(error));
    return [{ ...blank, resourceType: input.resource_type ?? '', error: wire }];
  }
}

const takes = (record: ConnectorRecord, type: string): boolean =>
  record.resource_type === undefined || record.resource_type === type;

/** Removes the record, then its secrets. What a killed removal left behind goes with a second one. */
export async function remove(
  service: Service,
  { name }: Checked['remove'],
): Promise<ConnectorView> {
  refuseInUse(service, name);
  return service.lock(async () => {
    const entry = (await service.catalog.list()).find((candidate) => candidate.name === name);
    const items = await itemsOf(service, name, entry?.record);
    if (entry === undefined && items.length === 0) await service.catalog.get(name); // says it is not there
    const view = entry === undefined ? undefined : viewOf(service, entry);
    await service.catalog.remove(name);
    for (const item of items) await service.store.delete(item);
    service.broker.forget(name);
    return (
      view ??
      brokenView({ name, error: new ValetkeyError('CONNECTOR_NOT_FOUND', { subject: name }) })
    );
  });
}

async function itemsOf(service: Service, name: ConnectorName, record: ConnectorRecord | undefined) {
  if (!service.store.writable) return [];
  const stored = await service.store.list();
  const own = new Set([
    secretIdOf(name),
    loginSecretIdOf(name),
    ...(record === undefined ? [] : [itemOf(record)]),
  ]);
  return stored.filter((id) => own.has(id) || id.startsWith(`${name}~`));
}
