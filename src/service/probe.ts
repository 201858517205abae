import type { ConnectorInput } from '../connectors/contract.ts';
import type { OpenConnector } from '../connectors/issue.ts';
import type { ProbeInput } from '../connectors/own-use.ts';
import { holderOf } from '../core/credential.ts';
import type { Credential, Issued, ResourceRequest } from '../core/credential.ts';
import { toValetkeyError, toWire, ValetkeyError } from '../core/errors.ts';
import type { ResourceListing, VerifyResult } from '../core/view.ts';
import type { Service } from './context.ts';
import { isoTime } from './view.ts';

/** A connector with its secrets, registered or about to be. */
export interface Subject {
  readonly open: OpenConnector;
  readonly input: ConnectorInput;
}

const PROBE_MS = 60_000;

/**
 * Proves what a connector can do. With a resource, or for a connector of one resource type: that it
 * reaches it, or throws. For a connector of many types: every type's row, a failing type in its row;
 * throws only when nothing at all could be issued.
 */
export async function verifySubject(
  service: Service,
  subject: Subject,
  wanted: readonly ResourceRequest[],
  listAll: boolean,
): Promise<VerifyResult> {
  const signal = AbortSignal.timeout(PROBE_MS);
  const rows: { listing: ResourceListing; issued: Issued | undefined; error: unknown }[] = [];
  for (const resource of wanted)
    rows.push(await probe(service, subject, resource, listAll, signal));
  const worked = rows.find(({ issued }) => issued !== undefined);
  const failed = rows.find(
    ({ error, listing }) => error !== undefined && listing.resourceIds.length === 0,
  );
  if (failed !== undefined && (rows.length === 1 || worked === undefined)) throw failed.error;
  const credential = worked?.issued?.credential;
  if (credential === undefined) throw new ValetkeyError('INTERNAL');
  const { principal, account } = holderOf(credential);
  return {
    connector: subject.open.record.name,
    principal,
    accountId: account,
    resources: rows.map(({ listing }) => listing),
    expiresAt: isoTime(credential.expiresAt),
  };
}

async function probe(
  service: Service,
  subject: Subject,
  resource: ResourceRequest,
  listAll: boolean,
  signal: AbortSignal,
) {
  const { record, type } = subject.open;
  const listing = {
    connector: record.name,
    connectorType: type.kind,
    resourceType: resource.type,
  };
  let issued: Issued | undefined;
  // What was found before something failed is shown beside the error.
  const resourceIds: string[] = [];
  try {
    issued = await issueForProbe(service, subject, resource, signal);
    const tokenFor = (scope: string) => issueWhole(service, subject, scope, signal);
    const { credential } = issued;
    const found = reach(subject, resource, { credential, tokenFor, signal }, listAll);
    for await (const ids of found) resourceIds.push(...ids);
    return { listing: { ...listing, resourceIds }, issued, error: undefined };
  } catch (error) {
    const known = toValetkeyError(error);
    return { listing: { ...listing, resourceIds, error: toWire(known) }, issued, error: known };
  }
}

/**
 * Our own look at a resource hands nothing out, so a method that cannot narrow may be used for it; and
 * for a look the least access will do, which a limited connector may have where it has no other.
 */
async function issueForProbe(
  service: Service,
  { open, input }: Subject,
  resource: ResourceRequest,
  signal: AbortSignal,
): Promise<Issued> {
  const { record, type } = open;
  const lenient = { ...open, record: { ...record, allow_unscoped: true } };
  const [least = resource.access] = type.resourceTypes[resource.type]?.access ?? [];
  const request = {
    connector: record.name,
    resources: [{ ...resource, access: least }] as const,
  };
  try {
    return await service.issuer.issueWith(lenient, input, request, signal);
  } catch (error) {
    const whole = wholeOf(open);
    if (toValetkeyError(error).code !== 'SCOPE_UNSUPPORTED' || whole === undefined) throw error;
    return service.issuer.issueWith(
      unbound(open),
      input,
      { ...whole, connector: record.name },
      signal,
    );
  }
}

/** A token for another scope, of those that the connector's own configuration allows. */
export async function issueWhole(
  service: Service,
  { open, input }: Subject,
  scope: string,
  signal: AbortSignal,
): Promise<Credential> {
  const whole = wholeOf(open);
  if (whole === undefined) throw new ValetkeyError('SCOPE_NOT_GRANTED', { subject: scope });
  const token = { kind: 'access-token', scopes: [scope] } as const;
  const request = { ...whole, connector: open.record.name, token };
  return (await service.issuer.issueWith(unbound(open), input, request, signal)).credential;
}

/** The resource type that is the whole account, as a request. */
function wholeOf({ type }: OpenConnector) {
  const whole = Object.values(type.resourceTypes).find(({ instances }) => !instances);
  return whole && { resources: [{ type: whole.kind, access: 'full' }] as const };
}

function unbound(open: OpenConnector): OpenConnector {
  const { resource_type: _type, resource_id: _id, ...record } = open.record;
  return { ...open, record: { ...record, allow_unscoped: true } };
}

async function* reach(
  { open }: Subject,
  resource: ResourceRequest,
  by: Pick<ProbeInput<unknown>, 'credential' | 'tokenFor' | 'signal'>,
  listAll: boolean,
): AsyncGenerator<readonly string[]> {
  const type = open.type.resourceTypes[resource.type];
  if (type === undefined) throw new ValetkeyError('INTERNAL');
  const probeInput = { ...by, cloud: open.cloud, config: open.config };
  if (resource.id !== undefined || type.list === undefined || !type.instances) {
    await type.verify({ ...probeInput, resource });
    if (resource.id !== undefined) yield [resource.id];
    return;
  }
  for await (const page of type.list(probeInput)) {
    yield page;
    if (!listAll) return;
  }
}
