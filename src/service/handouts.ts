import type { Clock } from '../core/clock.ts';
import { credentialId } from '../core/credential.ts';
import type { Issued } from '../core/credential.ts';
import type { Events, Evidence } from '../core/events.ts';

/** Who was handed what: one audit record per credential and workload (invariant 11). */
export interface Handouts {
  /** Is this the first time `workload` gets this credential? Cheap; asked on every request. */
  isNew(issued: Issued, workload: string): boolean;
  record(issued: Issued, evidence: Evidence): void;
  heldBy(issued: Issued): readonly string[];
}

export function createHandouts(events: Events, clock: Clock): Handouts {
  const holders = new WeakMap<Issued, Set<string>>();
  return {
    isNew: (issued, workload) => holders.get(issued)?.has(workload) !== true,
    record(issued, evidence) {
      const known = holders.get(issued) ?? new Set<string>();
      if (known.has(evidence.workload)) return;
      holders.set(issued, known.add(evidence.workload));
      events.emit({
        type: 'issued',
        at: clock.now(),
        evidence,
        subject: { connector: issued.request.connector, resources: issued.request.resources },
        credentialId: credentialId(issued.credential),
        expiresAt: issued.credential.expiresAt,
        narrowed: issued.narrowed,
      });
    },
    heldBy: (issued) => [...(holders.get(issued) ?? [])],
  };
}
