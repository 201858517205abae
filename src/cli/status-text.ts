import type { StatusView } from '../core/view.ts';
import { properties, table } from './table.ts';
import { errorText } from './terminal.ts';
import { remaining } from './times.ts';
import { resourceText, scopeName } from './views.ts';

/** What is issued, to whom, until when. */
export function statusText(status: StatusView, now: number): string {
  const { store } = status;
  const failed = store.error === undefined ? '' : ` (error: ${errorText(store.error)})`;
  const sections = [
    properties({
      MODE: status.mode,
      VERSION: status.version,
      PID: status.pid,
      HOME: status.home,
      STORE: `${store.kind} ${store.location}${failed}`,
    }),
  ];
  if (status.listeners.length > 0) {
    const rows = status.listeners.map((one) => [one.address, one.endpoints.join(', ')]);
    sections.push(table(['LISTENER', 'ENDPOINTS'], rows));
  }
  if (status.workloads.length > 0) {
    const rows = status.workloads.map(({ name, grants, error }) => [
      name,
      [...grants, ...(error === undefined ? [] : [`error: ${errorText(error)}`])].join('\n'),
    ]);
    sections.push(table(['WORKLOAD', 'GRANTS'], rows));
  }
  if (status.issued.length > 0) sections.push(issuedTable(status.issued, now));
  return sections.join('\n\n');
}

function issuedTable(issued: StatusView['issued'], now: number): string {
  return table(
    ['CONNECTOR', 'RESOURCES', 'CREDENTIAL', 'EXPIRES IN', 'RENEWS IN', 'HELD BY', 'LAST ERROR'],
    issued.map((one) => [
      one.connector,
      [...one.resources.map(resourceText), ...purposeText(one)].join('\n'),
      one.credentialId,
      remaining(one.expiresAt, now),
      Date.parse(one.renewsAt) <= now ? 'now' : remaining(one.renewsAt, now),
      one.heldBy.join('\n'),
      one.lastError === undefined ? '' : errorText(one.lastError),
    ]),
  );
}

/** What a bearer token is good for, below what it was issued for. */
function purposeText({ scopes, audience }: StatusView['issued'][number]): readonly string[] {
  return [
    ...(scopes === undefined ? [] : [`scopes ${scopes.map(scopeName).join(' ')}`]),
    ...(audience === undefined ? [] : [`audience ${audience}`]),
  ];
}
