import type { ConnectorRecord } from '../catalog/record.ts';
import type { IssueRequest, ResourceRequest } from '../core/credential.ts';
import { ValetkeyError } from '../core/errors.ts';
import { isAskable } from '../core/token-account.ts';
import type { ConnectorType } from './contract.ts';
import { lookup } from './input.ts';

/** What a resource asks for, within what the connector is registered for. */
export function scopeOf(
  type: ConnectorType,
  record: ConnectorRecord,
  resource: ResourceRequest,
  config: Readonly<Record<string, unknown>>,
): unknown {
  const resourceType = lookup(type.resourceTypes, resource.type, 'resource_type');
  if (record.resource_type !== undefined && record.resource_type !== resource.type) {
    throw outOfScope(`it is registered for ${record.resource_type} alone`);
  }
  if (record.resource_id !== undefined) {
    const covers = resourceType.covers ?? ((outer: string, inner: string) => outer === inner);
    if (resource.id === undefined || !covers(record.resource_id, resource.id)) {
      throw outOfScope(`it is registered for ${record.resource_id} alone`);
    }
  }
  return resourceType.narrow(resource, config);
}

/**
 * OAuth scopes that a client chose, where its choice is heeded. Whoever let it choose may have looked at
 * a connector that is limited by now. Throws `SCOPE_NOT_GRANTED`.
 */
export function chosenScopes(
  type: ConnectorType,
  method: string,
  config: Readonly<Record<string, unknown>>,
  { resources, token }: IssueRequest,
): readonly string[] | undefined {
  if (token?.kind !== 'access-token') return undefined;
  const askable = type.account?.({ method, config, resources }).askable;
  if (askable === undefined) return undefined;
  const wider = token.scopes.find((scope) => !isAskable(askable, scope));
  if (wider === undefined) return token.scopes;
  throw new ValetkeyError('SCOPE_NOT_GRANTED', {
    subject: wider,
    hint: 'list it under scopes of the connector and of the grant',
  });
}

function outOfScope(reason: string): ValetkeyError {
  return new ValetkeyError('OUT_OF_SCOPE', { reason });
}
