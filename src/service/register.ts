import { randomUUID } from 'node:crypto';

import type { ConnectorRecord } from '../catalog/record.ts';
import type { AuthMethod, ConnectorType, LoginResult } from '../connectors/contract.ts';
import { lookup } from '../connectors/input.ts';
import type { Checked } from '../control/schema.ts';
import type { Saved } from '../control/api.ts';
import { ValetkeyError, withSubject } from '../core/errors.ts';
import { loginSecretIdOf, secretIdOf } from '../core/ids.ts';
import type { Secret } from '../core/secret.ts';
import { checkRecord, warningsFor } from './check.ts';
import type { Service } from './context.ts';
import { parseExpiry, sortAttributes } from './fields.ts';
import { resourceOf } from './grants.ts';
import { verifySubject } from './probe.ts';
import { mounted, mountedOr } from './mounted.ts';
import type { Proposals } from './proposals.ts';
import { refuseTaken, writeWhole } from './saved.ts';
import { connectorView } from './view.ts';

/** A record and its secret, checked, not saved yet. */
export interface Draft {
  readonly record: ConnectorRecord;
  readonly secret: Readonly<Record<string, Secret>>;
  readonly login?: LoginResult | undefined;
  readonly notes: readonly string[];
}

/**
 * A new connector: checked, verified against the cloud unless asked not to, then saved: secret
 * first, record second, both under the write lock, so that a kill at any instant leaves either no
 * connector or a whole one.
 */
export async function register(
  service: Service,
  proposals: Proposals,
  input: Checked['register'],
): Promise<Saved> {
  await refuseTaken(service, input.name);
  const type = lookup(service.types, input.type, 'type');
  const draft =
    input.proposal === undefined
      ? await draftFrom(service, type, input)
      : draftFromProposal(service, type, input, proposals);
  checkRecord(type, draft.record);
  const verified = !input.verify ? undefined : await verifyDraft(service, draft);
  await service.lock(async () => {
    await refuseTaken(service, input.name);
    const items = [secretIdOf(input.name), loginSecretIdOf(input.name)];
    await writeWhole(service, draft.record, items, async () => {
      await saveSecret(service, draft);
      await service.catalog.create(draft.record);
    });
  });
  service.broker.forget(input.name);
  return {
    connector: connectorView(draft.record, type, service.store.kind),
    warnings: [...draft.notes, ...warningsFor(service, type, draft.record)],
    verified,
  };
}

async function draftFrom(
  service: Service,
  type: ConnectorType,
  input: Checked['register'],
): Promise<Draft> {
  const method = methodOf(type, input.auth_method);
  const given = input.attributes ?? {};
  const isGiven = Object.keys(given).some((name) => name in method.secret.shape);
  // What is in a read-only store is checked like what a person gives, but is not ours to write.
  const there = service.store.writable || isGiven ? {} : await mounted(service, method, input.name);
  const { config, secret } = sortAttributes(method, { ...there, ...given });
  const expiresAt = expiryOf(service, method, input.expires_at);
  return {
    record: recordOf(service, type, method, input, config, Object.keys(secret), expiresAt),
    secret: isGiven || service.store.writable ? secret : {},
    notes: [],
  };
}

function draftFromProposal(
  service: Service,
  type: ConnectorType,
  input: Checked['register'],
  proposals: Proposals,
): Draft {
  const proposal = proposals.take(input.proposal ?? '');
  const method = lookup(type.authMethods, proposal.method, 'auth_method');
  const expiresAt =
    proposal.expiresAt === undefined ? undefined : new Date(proposal.expiresAt).toISOString();
  const record = recordOf(
    service,
    type,
    method,
    input,
    proposal.config,
    Object.keys(proposal.secret),
    expiresAt,
  );
  return { record, secret: proposal.secret, login: proposal.login, notes: proposal.notes };
}

function recordOf(
  service: Service,
  type: ConnectorType,
  method: AuthMethod,
  input: Checked['register'],
  config: Readonly<Record<string, unknown>>,
  secretFields: readonly string[],
  expiresAt: string | undefined,
): ConnectorRecord {
  const at = new Date(service.clock.now()).toISOString();
  const bare: ConnectorRecord = {
    id: randomUUID(),
    name: input.name,
    type: type.kind,
    auth_method: method.kind,
    description: input.description,
    labels: input.labels ?? {},
    config: { ...config },
    secret_fields: [...secretFields],
    expires_at: expiresAt,
    expiration_seconds: input.expiration_seconds,
    allow_unscoped: input.allow_unscoped ?? false,
    created_at: at,
    updated_at: at,
  };
  return { ...bare, ...boundResource(bare, type, input) };
}

/** The one resource type, and id where there is one, that a connector is limited to. */
export function boundResource(
  record: ConnectorRecord,
  type: ConnectorType,
  input: { readonly resource_type?: string | undefined; readonly resource_id?: string | undefined },
): Pick<ConnectorRecord, 'resource_type' | 'resource_id'> {
  if (input.resource_type === undefined && input.resource_id === undefined) return {};
  const { resource_type: _type, resource_id: _id, ...unbound } = record;
  const resource = resourceOf(unbound, type, input);
  return { resource_type: resource.type, resource_id: resource.id };
}

function methodOf(type: ConnectorType, asked: string | undefined): AuthMethod {
  if (asked !== undefined) return lookup(type.authMethods, asked, 'auth_method');
  const [only, ...others] = Object.values(type.authMethods);
  if (only !== undefined && others.length === 0) return only;
  throw new ValetkeyError('INPUT_INVALID', {
    subject: 'auth_method',
    reason: 'it is required',
    hint: `name one with --auth-method (${Object.keys(type.authMethods).join(', ')}), or use --auto-configure`,
  });
}

export function expiryOf(
  service: Service,
  method: AuthMethod,
  text: string | undefined,
): string | undefined {
  if (text !== undefined) return parseExpiry(text, service.clock.now());
  if (method.needsExpiry !== true) return undefined;
  throw new ValetkeyError('INPUT_INVALID', {
    subject: 'expires_at',
    reason: `it is required: what a ${method.kind} connector stores runs out, and does not itself tell when`,
    hint: "give it with --expires-at 'YYYY-MM-DD HH:MM:SS' (UTC)",
  });
}

export async function verifyDraft(service: Service, draft: Draft) {
  const open = service.issuer.open(draft.record);
  const { record, type } = open;
  const input = {
    name: record.name,
    config: open.config,
    secret: await mountedOr(service, draft),
    login: draft.login?.fields,
    expiresAt: record.expires_at === undefined ? undefined : Date.parse(record.expires_at),
  };
  try {
    return await verifySubject(service, { open, input }, wantedResources(record, type), true);
  } catch (error) {
    throw withSubject(error, record.name);
  }
}

export function wantedResources(record: ConnectorRecord, type: ConnectorType) {
  return record.resource_type === undefined
    ? Object.keys(type.resourceTypes).map((resource_type) =>
        resourceOf(record, type, { resource_type }),
      )
    : [resourceOf(record, type, {})];
}

/** What a killed removal left under this name is not the new connector's. */
async function saveSecret({ store, issuer }: Service, { record, ...draft }: Draft): Promise<void> {
  const item = secretIdOf(record.name);
  if (Object.keys(draft.secret).length > 0) await store.set(item, draft.secret);
  else if (store.writable) await store.delete(item);
  if (draft.login !== undefined) await issuer.saveLogin(record, draft.login);
  else if (store.writable) await store.delete(loginSecretIdOf(record.name));
}
