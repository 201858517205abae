import type { ConnectorRecord } from '../catalog/record.ts';
import type { ResourceRequest } from '../core/credential.ts';
import { ValetkeyError } from '../core/errors.ts';
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

function outOfScope(reason: string): ValetkeyError {
  return new ValetkeyError('OUT_OF_SCOPE', { reason });
}
