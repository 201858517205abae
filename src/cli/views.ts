import type { Saved } from '../control/api.ts';
import type { ResourceRequest } from '../core/credential.ts';
import type {
  ConnectorView,
  IssuedView,
  ProposalView,
  ResourceListing,
  VerifyResult,
} from '../core/view.ts';
import { type OutputFormat, show } from './output.ts';
import { properties, table, valueText } from './table.ts';
import { errorText, type Terminal } from './terminal.ts';
import { duration, remaining } from './times.ts';

/*
 * Connectors and what they hand out, as tables. Rows and their names follow ZenML's.
 */

export function connectorText(view: ConnectorView, now: number): string {
  const details = properties({
    NAME: view.name,
    ID: view.id,
    DESCRIPTION: view.description,
    TYPE: view.type,
    'AUTH METHOD': view.authMethod,
    'RESOURCE TYPES': view.resourceTypes.join(', '),
    'RESOURCE NAME': view.resourceId ?? '<multiple>',
    'SESSION DURATION':
      view.expirationSeconds === undefined ? 'default' : duration(view.expirationSeconds),
    'EXPIRES IN': remaining(view.expiresAt, now),
    'UNSCOPED ALLOWED': view.allowUnscoped ? 'yes' : undefined,
    STORE: view.store,
    'CREATED AT': view.createdAt,
    'UPDATED AT': view.updatedAt,
  });
  const labels = Object.entries(view.labels);
  return [
    details,
    configurationText(view.configuration, view.secretFields, `[in the ${view.store} store]`),
    ...(labels.length === 0 ? [] : [table(['LABEL', 'VALUE'], labels)]),
  ].join('\n\n');
}

function configurationText(
  configuration: Readonly<Record<string, unknown>>,
  secretFields: readonly string[],
  hidden: string,
): string {
  return table(
    ['PROPERTY', 'VALUE'],
    [
      ...Object.entries(configuration).map(([name, value]) => [name, valueText(value)]),
      ...secretFields.map((name) => [name, hidden]),
    ],
  );
}

export function proposalText(view: ProposalView, now: number): string {
  return [
    properties({
      FOUND: view.origin,
      TYPE: view.type,
      'AUTH METHOD': view.authMethod,
      'EXPIRES IN': remaining(view.expiresAt, now),
      NOTES: view.notes.length === 0 ? undefined : view.notes.join('\n'),
    }),
    configurationText(view.configuration, view.secretFields, '[to be put into the store]'),
  ].join('\n\n');
}

export function issuedText(view: IssuedView, now: number): string {
  return properties({
    CONNECTOR: view.connector,
    RESOURCES: view.resources.map(resourceText).join('\n'),
    KIND: view.kind,
    'CREDENTIAL ID': view.credentialId,
    PRINCIPAL: view.principal || 'unknown',
    ACCOUNT: view.accountId || 'unknown',
    'ISSUED AT': view.issuedAt,
    'EXPIRES AT': view.expiresAt,
    'EXPIRES IN': remaining(view.expiresAt, now),
    'OAUTH SCOPES': view.scopes?.join('\n'),
    AUDIENCE: view.audience,
    NARROWED: view.narrowed ? 'yes' : 'no: it may do all that its principal may',
    SCOPE: view.scope === null ? 'none' : JSON.stringify(view.scope, undefined, 2),
  });
}

/** `s3-bucket s3://zenfiles (read)` */
export function resourceText({ type, id, access, scopes }: ResourceRequest): string {
  const limited = scopes === undefined ? '' : `, scopes ${scopes.map(scopeName).join(' ')}`;
  return `${type}${id === undefined ? '' : ` ${id}`} (${access}${limited})`;
}

/** Without the part that all scopes of Google's have in common. */
export function scopeName(scope: string): string {
  return scope.replace(/^https:\/\/www\.googleapis\.com\/auth\//, '');
}

export function resourceNames({ error, resourceIds }: ResourceListing): string {
  if (error !== undefined) return [...resourceIds, `error: ${errorText(error)}`].join('\n');
  return resourceIds.length === 0 ? '<none>' : resourceIds.join('\n');
}

export function verifiedText({ resources }: VerifyResult): string {
  return table(
    ['RESOURCE TYPE', 'RESOURCE NAMES'],
    resources.map((row) => [row.resourceType, resourceNames(row)]),
  );
}

/** Some tokens do not say whose they are. */
function verifiedAs({ principal }: VerifyResult): string {
  return principal === '' ? ' and verified' : ` and verified as ${principal}`;
}

/** Tells what a registration or an update did. */
export async function showSaved(
  terminal: Terminal,
  output: OutputFormat,
  what: string,
  saved: Saved,
): Promise<void> {
  const { connector, verified, warnings } = saved;
  for (const warning of warnings) terminal.warn(warning);
  const as = verified === undefined ? '' : verifiedAs(verified);
  terminal.say(`connector ${connector.name} ${what}${as}`);
  if (output !== 'table') await show(terminal, output, saved, () => '');
  else if (verified !== undefined) terminal.print(verifiedText(verified));
}
