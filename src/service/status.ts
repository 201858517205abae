import { toValetkeyError, toWire } from '../core/errors.ts';
import type { ValetkeyError } from '../core/errors.ts';
import type { StatusView } from '../core/view.ts';
import type { Service } from './context.ts';
import type { Handouts } from './handouts.ts';
import { credentialId, purposeOf } from '../core/credential.ts';
import type { GrantLine } from './grants.ts';
import { isoTime } from './view.ts';

export interface ListenerStatus {
  readonly address: string;
  readonly endpoints: readonly string[];
}

/** What only the process around knows. */
export interface StatusSource {
  readonly handouts: Handouts;
  listeners(): readonly ListenerStatus[];
  /** Why a configured workload's grants cannot be used, where they cannot. */
  problemOf(workload: string): Promise<ValetkeyError | undefined>;
}

export async function status(
  service: Service,
  { handouts, listeners, problemOf }: StatusSource,
): Promise<StatusView> {
  const { store } = service;
  const storeError = await store.check().then(
    () => undefined,
    (error: unknown) => toWire(toValetkeyError(error)),
  );
  return {
    mode: service.mode,
    version: service.version,
    pid: process.pid,
    home: service.paths.home,
    store: { kind: store.kind, location: store.location, error: storeError },
    listeners: listeners(),
    workloads: await Promise.all(
      Object.entries(service.config().workloads).map(async ([name, workload]) => {
        const problem = await problemOf(name);
        const grants = (workload?.grants ?? []).map(grantText);
        return { name, grants, ...(problem === undefined ? {} : { error: toWire(problem) }) };
      }),
    ),
    issued: service.broker.entries().map(({ issued, renewsAt, lastError }) => ({
      connector: issued.request.connector,
      resources: issued.request.resources,
      credentialId: credentialId(issued.credential),
      ...purposeOf(issued.credential),
      issuedAt: isoTime(issued.credential.issuedAt),
      expiresAt: isoTime(issued.credential.expiresAt),
      renewsAt: isoTime(renewsAt),
      lastError: lastError === undefined ? undefined : toWire(lastError),
      heldBy: handouts.heldBy(issued),
    })),
  };
}

function grantText({ connector, resource_id, access, scopes, audiences }: GrantLine): string {
  return (
    connector +
    (resource_id === undefined ? '' : `=${resource_id}`) +
    (access === undefined ? '' : `:${access}`) +
    (scopes === undefined ? '' : ` scopes ${scopes.join(' ')}`) +
    (audiences === undefined ? '' : ` audiences ${audiences.join(' ')}`)
  );
}
