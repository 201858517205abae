import type { Config } from '../config/schema.ts';
import { toValetkeyError, ValetkeyError } from '../core/errors.ts';
import type { Parts } from './parts.ts';
import type { WorkloadTable } from './workload-table.ts';

export interface Reload {
  /** Puts the configuration file in force, whole or not at all. Throws what is wrong with it. */
  reload(): Promise<void>;
  /** Looks at the catalog again. What is wrong is for the log: whoever caused it has done his part. */
  refresh(): Promise<void>;
}

/** How a running daemon takes what changed on disk (invariant 13). */
export function createReload(parts: Parts, table: WorkloadTable): Reload {
  const { events, clock, broker } = parts;
  let last: Promise<unknown> = Promise.resolve();

  async function apply(): Promise<void> {
    const running = parts.config();
    const next = await parts.loadConfig();
    refuseMoved(running, next);
    await table.rebuild(next);
    parts.adopt(next);
    // What is held was allowed by the old policy.
    if (differ(running.policy, next.policy)) broker.forget();
    events.emit({ type: 'config-reloaded', at: clock.now() });
  }

  function report(thrown: unknown): ValetkeyError {
    const error = toValetkeyError(thrown);
    const { code, message } = error;
    events.emit({ type: 'config-rejected', at: clock.now(), code, message });
    return error;
  }

  return {
    reload() {
      // In turn, so that the file that was read last is the one in force.
      const turn = last.then(apply).catch((thrown: unknown) => {
        throw report(thrown);
      });
      last = turn.catch(() => {});
      return turn;
    },
    refresh: () => table.refresh().catch((thrown: unknown) => void report(thrown)),
  };
}

/** Sockets, the store and the folder of challenges are opened once: a change of theirs needs a restart, and says so. */
function refuseMoved(running: Config, next: Config): void {
  for (const key of ['listeners', 'store', 'azure_arc'] as const) {
    if (!differ(running[key], next[key])) continue;
    throw new ValetkeyError('CONFIG_INVALID', {
      subject: key,
      reason: 'it cannot change while the daemon runs',
      hint: 'restart the daemon',
    });
  }
}

const differ = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one) !== JSON.stringify(other);
