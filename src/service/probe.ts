import type { ConnectorInput } from '../connectors/contract.ts';
import type { OpenConnector } from '../connectors/issue.ts';
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
  const failed = rows.find(({ error }) => error !== undefined);
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
  try {
    issued = await issueForProbe(service, subject, resource, signal);
    const resourceIds = await reach(subject, resource, issued.credential, listAll, signal);
    return { listing: { ...listing, resourceIds }, issued, error: undefined };
  } catch (error) {
    const known = toValetkeyError(error);
    return { listing: { ...listing, resourceIds: [], error: toWire(known) }, issued, error: known };
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
    const whole = Object.values(type.resourceTypes).find(({ instances }) => !instances);
    if (toValetkeyError(error).code !== 'SCOPE_UNSUPPORTED' || whole === undefined) throw error;
    const { resource_type: _type, resource_id: _id, ...unbound } = lenient.record;
    return service.issuer.issueWith(
      { ...lenient, record: unbound },
      input,
      { connector: record.name, resources: [{ type: whole.kind, access: 'full' }] },
      signal,
    );
  }
}

async function reach(
  { open }: Subject,
  resource: ResourceRequest,
  credential: Credential,
  listAll: boolean,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const type = open.type.resourceTypes[resource.type];
  if (type === undefined) throw new ValetkeyError('INTERNAL');
  const probeInput = { cloud: open.cloud, credential, config: open.config, signal };
  if (resource.id !== undefined || type.list === undefined || !type.instances) {
    await type.verify({ ...probeInput, resource });
    return resource.id === undefined ? [] : [resource.id];
  }
  const ids: string[] = [];
  for await (const page of type.list(probeInput)) {
    ids.push(...page);
    if (!listAll) break;
  }
  return ids;
}
