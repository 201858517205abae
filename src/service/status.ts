import { toValetkeyError, toWire } from '../core/errors.ts';
import type { StatusView } from '../core/view.ts';
import type { Service } from './context.ts';
import type { Handouts } from './handouts.ts';
import { credentialId, purposeOf } from '../core/credential.ts';
import { isoTime } from './view.ts';

export interface ListenerStatus {
  readonly address: string;
  readonly endpoints: readonly string[];
}

export async function status(
  service: Service,
  handouts: Handouts,
  listeners: readonly ListenerStatus[],
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
    listeners,
    workloads: Object.entries(service.config().workloads).map(([name, workload]) => ({
      name,
      grants: (workload?.grants ?? []).map(
        ({ connector, resource_id, access, scopes, audiences }) =>
          connector +
          (resource_id === undefined ? '' : `=${resource_id}`) +
          (access === undefined ? '' : `:${access}`) +
          (scopes === undefined ? '' : ` scopes ${scopes.join(' ')}`) +
          (audiences === undefined ? '' : ` audiences ${audiences.join(' ')}`),
      ),
    })),
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
