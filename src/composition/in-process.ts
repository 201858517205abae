import type { ControlApi } from '../control/api.ts';
import { toValetkeyError, ValetkeyError } from '../core/errors.ts';
import { WorkloadName } from '../core/ids.ts';
import { createApi } from '../service/api.ts';
import { createHandouts } from '../service/handouts.ts';
import { createAudit } from '../telemetry/audit.ts';
import { profilesOf } from './host.ts';
import { buildParts } from './parts.ts';
import type { Surroundings } from './parts.ts';

export interface InProcess {
  readonly api: ControlApi;
  /** Ends what was started: renewal, and the last lines of the audit trail. */
  stop(): Promise<void>;
}

/** The control API in this process, for where no daemon runs: every verb, and nothing that listens. */
export async function openInProcess(around: Surroundings): Promise<InProcess> {
  const parts = await buildParts('in-process', around);
  const audit = createAudit(parts.paths.audit, () => {});
  const handouts = createHandouts(parts.events, parts.clock, audit.flush);
  parts.events.subscribe(audit.listen);
  const api = createApi(parts, {
    handouts,
    listeners: () => [],
    problemOf: (workload) =>
      profilesOf(parts, { workload: WorkloadName.parse(workload) }).then(
        () => undefined,
        toValetkeyError,
      ),
    profiles: (input) => profilesOf(parts, input),
    openWorkload: () => Promise.reject(noDaemon()),
    reload: () => Promise.reject(noDaemon()),
    changed: () => Promise.resolve(),
  });
  return {
    api,
    async stop() {
      parts.broker.stop();
      await audit.flush();
    },
  };
}

function noDaemon(): ValetkeyError {
  return new ValetkeyError('DAEMON_UNREACHABLE', { hint: 'start it with: valetkey serve' });
}
