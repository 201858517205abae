import type { CatalogEntry } from '../catalog/catalog.ts';
import type { ConnectorRecord } from '../catalog/record.ts';
import type { ConnectorType } from '../connectors/contract.ts';
import { credentialId, holderOf, purposeOf } from '../core/credential.ts';
import type { Issued } from '../core/credential.ts';
import { toWire } from '../core/errors.ts';
import type { ConnectorView, IssuedView } from '../core/view.ts';

/** Milliseconds since the epoch as ISO 8601 UTC without a fraction. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

export function connectorView(
  record: ConnectorRecord,
  type: ConnectorType | undefined,
  store: string,
): ConnectorView {
  return {
    id: record.id,
    name: record.name,
    type: record.type,
    authMethod: record.auth_method,
    resourceTypes:
      record.resource_type === undefined
        ? Object.keys(type?.resourceTypes ?? {})
        : [record.resource_type],
    resourceId: record.resource_id,
    description: record.description,
    labels: record.labels,
    configuration: record.config,
    secretFields: record.secret_fields,
    store,
    expirationSeconds: record.expiration_seconds,
    expiresAt: record.expires_at,
    allowUnscoped: record.allow_unscoped,
    createdAt: record.created_at,
    updatedAt: record.updated_at,
  };
}

/** A row for a catalog file that cannot be used: its name and what is wrong with it. */
export function brokenView(entry: CatalogEntry & { readonly record?: undefined }): ConnectorView {
  return {
    id: '',
    name: entry.name,
    type: '',
    authMethod: '',
    resourceTypes: [],
    labels: {},
    configuration: {},
    secretFields: [],
    store: '',
    allowUnscoped: false,
    createdAt: '',
    updatedAt: '',
    error: toWire(entry.error),
  };
}

export function issuedView(issued: Issued): IssuedView {
  const { credential, request } = issued;
  const { principal, account } = holderOf(credential);
  return {
    connector: request.connector,
    resources: request.resources,
    kind: credential.kind,
    credentialId: credentialId(credential),
    principal,
    accountId: account,
    narrowed: issued.narrowed,
    ...purposeOf(credential),
    issuedAt: isoTime(credential.issuedAt),
    expiresAt: isoTime(credential.expiresAt),
    scope: issued.scope,
  };
}
