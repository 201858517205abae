import type { ConnectorRecord } from '../catalog/record.ts';
import type { AuthMethod, ConnectorType, ResourceType } from '../connectors/contract.ts';
import { lookup, secondsFor } from '../connectors/input.ts';
import type { Access, CredentialKind, IssueRequest, ResourceRequest } from '../core/credential.ts';
import { ValetkeyError, withSubject } from '../core/errors.ts';
import type { ConnectorName } from '../core/ids.ts';
import type { TokenAccount } from '../core/token-account.ts';
import { RENEWAL, tooShort } from '../broker/renewal.ts';
import { completedRecord } from './completed-record.ts';
import type { Service } from './context.ts';

/** One line of a workload as a person wrote it. */
export interface GrantLine {
  readonly connector: ConnectorName;
  readonly resource_type?: string | undefined;
  readonly resource_id?: string | undefined;
  readonly access?: Access | undefined;
  readonly seconds?: number | undefined;
  readonly profile?: string | undefined;
  /** OAuth scopes it is limited to, and audiences of identity tokens. */
  readonly scopes?: readonly string[] | undefined;
  readonly audiences?: readonly string[] | undefined;
}

/** One credential a workload may have, under the name clients may ask for it by. */
export interface GrantProfile {
  readonly name: string;
  readonly kind: CredentialKind;
  readonly request: IssueRequest;
  /** The connector's own region, where it has one. */
  readonly region: string | undefined;
  readonly account?: TokenAccount | undefined;
}

/**
 * Grant lines as issue requests, one per profile, in the order written: lines of one connector share
 * one credential. Throws `CONNECTOR_NOT_FOUND`, or `INPUT_INVALID` naming what is wrong.
 */
export async function resolveGrants(
  service: Pick<Service, 'catalog' | 'types' | 'store'>,
  lines: readonly GrantLine[],
): Promise<readonly GrantProfile[]> {
  const drafts = new Map<string, Draft>();
  for (const line of lines) {
    const name = line.profile ?? line.connector;
    const draft = drafts.get(name) ?? (await draftFor(service, line));
    if (draft.record.name !== line.connector) {
      throw new ValetkeyError('INPUT_INVALID', {
        subject: `profile ${name}`,
        reason: `its grants name two connectors, ${draft.record.name} and ${line.connector}`,
        hint: 'one profile is one credential; give the other connector a profile of its own',
      });
    }
    if (line.seconds !== undefined) draft.seconds.push(line.seconds);
    draft.resources.push(resourceOf(draft.record, draft.type, line));
    if (line.audiences !== undefined) draft.audiences.push(...line.audiences);
    drafts.set(name, draft);
  }
  return [...drafts].map(([name, draft]) => profileOf(name, draft));
}

interface Draft {
  readonly record: ConnectorRecord;
  readonly type: ConnectorType;
  readonly resources: ResourceRequest[];
  readonly seconds: number[];
  readonly audiences: string[];
}

async function draftFor(
  service: Pick<Service, 'catalog' | 'types' | 'store'>,
  { connector }: GrantLine,
): Promise<Draft> {
  const found = await service.catalog.get(connector);
  const type = lookup(service.types, found.type, 'type');
  return { record: await completedRecord(service, type, found), type, ...NOTHING_YET() };
}

const NOTHING_YET = () => ({ resources: [], seconds: [], audiences: [] });

function profileOf(name: string, draft: Draft): GrantProfile {
  const { record, type, resources, seconds, audiences } = draft;
  const method = lookup(type.authMethods, record.auth_method, 'auth_method');
  const asked = seconds.length === 0 ? undefined : Math.min(...seconds);
  checkLifetime(record, method, asked);
  const region = record.config['region'];
  return {
    name,
    kind: method.yields,
    region: typeof region === 'string' ? region : undefined,
    account: type.account?.({
      method: method.kind,
      config: record.config,
      resources,
      audiences: audiences.length === 0 ? undefined : audiences,
    }),
    request: {
      connector: record.name,
      resources: nonEmpty(resources),
      ...(asked === undefined ? {} : { seconds: asked }),
    },
  };
}

function nonEmpty(resources: readonly ResourceRequest[]): [ResourceRequest, ...ResourceRequest[]] {
  const [first, ...rest] = resources;
  if (first === undefined) throw new ValetkeyError('INPUT_INVALID', { subject: 'grants' });
  return [first, ...rest];
}

/** A record may have been written by hand, so its own lifetime is looked at too (invariant 2). */
function checkLifetime(
  record: ConnectorRecord,
  method: AuthMethod,
  asked: number | undefined,
): void {
  const seconds = secondsFor(method, record.config, asked ?? record.expiration_seconds);
  const reason = seconds === 0 ? undefined : tooShort(seconds, RENEWAL);
  if (reason !== undefined)
    throw new ValetkeyError('LIFETIME_TOO_SHORT', { subject: record.name, reason });
}

/** The resource a verb or a grant is about: what was asked, completed from what the connector is for. */
export function resourceOf(
  record: ConnectorRecord,
  type: ConnectorType,
  asked: Pick<GrantLine, 'resource_type' | 'resource_id' | 'access' | 'scopes'>,
): ResourceRequest {
  try {
    const kind =
      asked.resource_type ?? record.resource_type ?? guessType(record, type, asked.resource_id);
    const resourceType = lookup(type.resourceTypes, kind, 'resource_type');
    const access = accessOf(resourceType, asked.access);
    const own = record.resource_type === kind ? record.resource_id : undefined;
    const id =
      asked.resource_id === undefined
        ? own
        : resourceType.canonical(asked.resource_id, record.config);
    const scopes = scopesOf(resourceType, asked.scopes);
    return id === undefined || !resourceType.instances
      ? { type: kind, access, ...scopes }
      : { type: kind, id, access, ...scopes };
  } catch (error) {
    throw withSubject(error, record.name);
  }
}

function scopesOf(type: ResourceType, asked: readonly string[] | undefined) {
  if (asked === undefined) return {};
  if (type.scopes !== true) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'scopes',
      reason: `${type.kind} cannot be limited to scopes`,
    });
  }
  return { scopes: [...new Set(asked)].sort() };
}

/** With an id, the one type that takes it; without, the whole account. */
function guessType(record: ConnectorRecord, type: ConnectorType, id: string | undefined): string {
  const kinds = Object.values(type.resourceTypes);
  if (id === undefined) {
    return (kinds.find(({ instances }) => !instances) ?? kinds[0])?.kind ?? '';
  }
  const takers = kinds.filter((kind) => kind.instances && accepts(kind, id, record));
  const [only] = takers;
  if (only !== undefined && takers.length === 1) return only.kind;
  if (only === undefined) {
    const [first] = kinds.filter(({ instances }) => instances);
    first?.canonical(id, record.config); // says what is wrong with the id
  }
  throw new ValetkeyError('INPUT_INVALID', {
    subject: 'resource_type',
    reason: `‘${id}’ may be any of: ${takers.map(({ kind }) => kind).join(', ')}`,
    hint: 'name it with --resource-type',
  });
}

function accepts(type: ResourceType, id: string, record: ConnectorRecord): boolean {
  try {
    type.canonical(id, record.config);
    return true;
  } catch {
    return false;
  }
}

function accessOf(type: ResourceType, asked: Access | undefined): Access {
  if (asked === undefined)
    return type.access.includes('write') ? 'write' : (type.access[0] ?? 'full');
  if (type.access.includes(asked)) return asked;
  throw new ValetkeyError('INPUT_INVALID', {
    subject: 'access',
    reason: `${type.kind} cannot be limited to ${asked}`,
    hint: `use one of: ${type.access.join(', ')}`,
  });
}
