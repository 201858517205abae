import { ValetkeyError } from '../core/errors.ts';
import type { ClientRule } from '../workloads/workload.ts';
import { GOOGLE_ENDPOINT, IMDS_ENDPOINT } from './clouds.ts';
import { listen } from './listeners.ts';
import type { ListenOptions, ServedListener } from './listeners.ts';

const ADDRESS = '127.0.0.1:0';
const DRAIN_MS = 500;
/** Both, since a workload may get grants of the other cloud while the listener is open. */
const ENDPOINTS_HERE = [GOOGLE_ENDPOINT, IMDS_ENDPOINT];

/**
 * Listeners on free loopback ports that serve one workload each. Clients of a metadata server show no
 * secret, so where no configured listener tells a workload from the others, this one does.
 */
export interface OwnListeners {
  /** Opened when it is asked for the first time; open until the workload goes, or the daemon. */
  of(workload: string): Promise<ServedListener>;
  current(): readonly ServedListener[];
  close(deadlineMs: number): Promise<void>;
}

/** What is asked of the workload table. */
interface Workloads {
  current(): ReadonlyMap<string, unknown>;
  onChange(listener: () => void): () => void;
}

interface Entry {
  readonly opening: Promise<ServedListener>;
  listener?: ServedListener;
}

/** The rule by which requests at a workload's own listener are its own: this user's alone. */
export function ownRule(workload: string, ownUid: number | undefined): ClientRule {
  return { kind: 'listener', listener: nameOf(workload), uid: ownUid ?? -1 };
}

/** Throws where the kernel does not say who asks, so that nobody would be let in. */
export function refuseUnknownPeers(): void {
  if (process.platform === 'linux') return;
  throw new ValetkeyError('FORBIDDEN', {
    reason:
      'clients of a metadata server show no secret, and this system does not say whose they are',
    hint: 'let everybody on this machine in at a listener, with any_user: true among a workload’s clients in config.yaml',
  });
}

/** There are never more than there are workloads (invariant 8). */
export function createOwnListeners(workloads: Workloads, options: ListenOptions): OwnListeners {
  const entries = new Map<string, Entry>();
  let closed = false;

  function open(workload: string): Promise<ServedListener> {
    const target = { address: ADDRESS, endpoints: ENDPOINTS_HERE };
    const entry: Entry = { opening: listen(target, options, nameOf(workload)) };
    entries.set(workload, entry);
    entry.opening.then(
      (listener) => (entry.listener = listener),
      () => entries.delete(workload), // the next one tries again
    );
    return entry.opening;
  }

  async function drop(workload: string, deadlineMs: number): Promise<void> {
    const entry = entries.get(workload);
    entries.delete(workload);
    const listener = await entry?.opening.catch(() => undefined);
    await listener?.close(deadlineMs);
  }

  const unwatch = workloads.onChange(() => {
    for (const workload of entries.keys()) {
      if (!workloads.current().has(workload)) void drop(workload, DRAIN_MS);
    }
  });

  return {
    async of(workload) {
      refuseUnknownPeers();
      if (closed) throw new ValetkeyError('DAEMON_UNREACHABLE', { reason: 'it is stopping' });
      return entries.get(workload)?.opening ?? open(workload);
    },
    current: () => [...entries.values()].flatMap(({ listener }) => listener ?? []),
    async close(deadlineMs) {
      closed = true;
      unwatch();
      await Promise.all([...entries.keys()].map((workload) => drop(workload, deadlineMs)));
    },
  };
}

/** No address: a configured listener cannot have this name. */
function nameOf(workload: string): string {
  return `own listener of ${workload}`;
}
