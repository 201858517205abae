import { RENEWAL, tooShort } from '../broker/renewal.ts';
import type { ConnectorRecord } from '../catalog/record.ts';
import type { ConnectorType } from '../connectors/contract.ts';
import { lookup, secondsFor } from '../connectors/input.ts';
import { ValetkeyError } from '../core/errors.ts';
import type { Service } from './context.ts';
import { resourceOf } from './grants.ts';

/** What must hold for any saved record: lifetime, limits, and a resource that can be narrowed to. */
export function checkRecord(type: ConnectorType, record: ConnectorRecord): void {
  const method = lookup(type.authMethods, record.auth_method, 'auth_method');
  const seconds = secondsFor(method, record.config, record.expiration_seconds);
  const short = seconds === 0 ? undefined : tooShort(seconds, RENEWAL);
  if (short !== undefined) {
    throw new ValetkeyError('LIFETIME_TOO_SHORT', { subject: 'expiration_seconds', reason: short });
  }
  if (record.allow_unscoped || narrowsToBound(type, record)) return;
  throw new ValetkeyError('SCOPE_UNSUPPORTED', {
    subject: record.name,
    reason: `${method.kind} credentials carry all the permissions of their identity, not only ${record.resource_id ?? record.resource_type ?? ''}`,
    hint: `use ${method.alternatives ?? 'another auth method'}; to accept it all the same, add --allow-unscoped`,
  });
}

/** Is the connector for a whole account, or can its method narrow to what it is for? */
function narrowsToBound(type: ConnectorType, record: ConnectorRecord): boolean {
  const bound =
    record.resource_type === undefined ? undefined : type.resourceTypes[record.resource_type];
  return bound?.instances !== true || narrows(type, record);
}

/** To the resource that the connector is for; without one: to any at all. */
function narrows(type: ConnectorType, record: ConnectorRecord): boolean {
  const method = lookup(type.authMethods, record.auth_method, 'auth_method');
  const bound =
    record.resource_type === undefined ? undefined : type.resourceTypes[record.resource_type];
  // With the least access: whether a grant may have more depends on the grant.
  const resource = resourceOf(record, type, { access: bound?.access[0] });
  const scope = bound?.narrow(resource, record.config);
  return method.narrows(record.config, scope);
}

/** What a person should know about a record that is otherwise right. */
export function warningsFor(
  service: Service,
  type: ConnectorType,
  record: ConnectorRecord,
): readonly string[] {
  const method = type.authMethods[record.auth_method];
  const warnings: string[] = [];
  if (method !== undefined && !narrows(type, record)) {
    warnings.push(
      `${method.kind} credentials cannot be narrowed: they carry all the permissions of their identity, ` +
        (record.allow_unscoped
          ? 'and this connector hands them out for narrower grants too'
          : 'so grants for single resources are refused') +
        (method.alternatives === undefined ? '' : `; use ${method.alternatives}`),
    );
  }
  if (record.expires_at !== undefined) {
    warnings.push(`what is stored ends at ${record.expires_at} and cannot be renewed`);
  }
  if (service.store.kind === 'memory') {
    warnings.push('the memory store forgets the secret when this process ends');
  }
  return warnings;
}
