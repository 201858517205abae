import { checkedApi } from '../control/checked-api.ts';
import type { Verbs } from '../control/checked-api.ts';
import type { ControlApi, WorkloadAccess, WorkloadProfiles } from '../control/api.ts';
import type { Checked } from '../control/schema.ts';
import { credentialId } from '../core/credential.ts';
import type { Issued } from '../core/credential.ts';
import type { Evidence } from '../core/events.ts';
import type { StatusView } from '../core/view.ts';
import * as connectors from './connectors.ts';
import type { Service } from './context.ts';
import { typeView } from './describe-types.ts';
import { createLogins } from './login.ts';
import { migrateStore } from './migrate-store.ts';
import { createProposals } from './proposals.ts';
import { register } from './register.ts';
import { signAccess } from './sas.ts';
import { status } from './status.ts';
import type { StatusSource } from './status.ts';
import { update } from './update.ts';

/** What only the process around the verbs can do. */
export interface Host extends StatusSource {
  profiles(input: Checked['workloadProfiles']): Promise<WorkloadProfiles>;
  openWorkload(input: Checked['openWorkload']): Promise<WorkloadAccess>;
  reload(): Promise<void>;
  /** After a connector was saved or removed: workloads are looked at again. */
  changed(): Promise<void>;
}

/** Every verb, joined: the one implementation of ControlApi. */
export function createApi(service: Service, host: Host): ControlApi {
  const proposals = createProposals(service);
  const logins = createLogins(service);
  const currentStatus = (): Promise<StatusView> => status(service, host);

  async function thenLook<T>(saved: Promise<T>): Promise<T> {
    const result = await saved;
    await host.changed();
    return result;
  }

  const verbs: Verbs = {
    async listTypes(filter) {
      return Object.values(service.types)
        .map(typeView)
        .filter(
          (type) =>
            (filter.type === undefined || filter.type === type.kind) &&
            (filter.resource_type === undefined ||
              type.resourceTypes.some(({ kind }) => kind === filter.resource_type)) &&
            (filter.auth_method === undefined ||
              type.authMethods.some(({ kind }) => kind === filter.auth_method)),
        );
    },
    register: (input) => thenLook(register(service, proposals, input)),
    autoConfigure: (input) => proposals.find(input),
    listConnectors: (input) => connectors.listConnectors(service, input),
    describeConnector: (input) => connectors.describeConnector(service, input),
    describeClient: (input) => connectors.describeClient(service, input),
    verify: (input) => connectors.verify(service, input),
    listResources: (input) => connectors.listResources(service, input),
    update: (input) => thenLook(update(service, input)),
    remove: (input) => thenLook(connectors.remove(service, input)),
    sas: (input) =>
      signAccess(service, input, (issued) => {
        const evidence = { workload: 'cli', by: 'control', endpoint: 'connector sas' };
        return host.handouts.record(issued, witnessed(evidence));
      }),
    loginStart: (input) => logins.start(input),
    loginFinish: (input) => thenLook(logins.finish(input)),
    migrateStore: (input) => migrateStore(service, input),
    status: currentStatus,
    async issue({ request, evidence, unwanted, wait_ms }) {
      const isUnwanted = ({ credential }: Issued) => credentialId(credential) === unwanted;
      const issued = await service.broker.get(
        request,
        wait_ms,
        unwanted === undefined ? undefined : isUnwanted,
      );
      if (host.handouts.claim(issued, holderOf(evidence))) {
        await host.handouts.record(issued, witnessed(evidence));
      }
      return issued;
    },
    workloadProfiles: (input) => host.profiles(input),
    openWorkload: (input) => host.openWorkload(input),
    async reload() {
      await host.reload();
      return currentStatus();
    },
  };
  return checkedApi(verbs);
}

/**
 * Who asks over the control socket says itself who it is. The trail says so (`control`), names the one
 * user who can reach that socket, and does not call a program known that nobody has looked at.
 */
function witnessed({ workload, endpoint, pid }: Evidence): Evidence {
  return { workload, by: 'control', endpoint, uid: process.getuid?.(), pid };
}

/** Each `exec` is a holder of its own: two of them with the same grants leave two records. */
function holderOf({ workload, pid }: Checked['issue']['evidence']): string {
  return pid === undefined ? workload : `${workload} (pid ${pid})`;
}
