import type { Clock } from '../core/clock.ts';
import { credentialId } from '../core/credential.ts';
import type { Issued } from '../core/credential.ts';
import type { Events, Evidence } from '../core/events.ts';

/** Who was handed what: one audit record per credential and workload (invariant 11). */
export interface Handouts {
  /**
   * True once per credential and workload: the caller then owes the record. Cheap, asked on every
   * request; of a thousand that are answered at once, one looks at who is asking.
   */
  claim(issued: Issued, workload: string): boolean;
  record(issued: Issued, evidence: Evidence): void;
  heldBy(issued: Issued): readonly string[];
}

export function createHandouts(events: Events, clock: Clock): Handouts {
  const holders = new WeakMap<Issued, Set<string>>();
  return {
    claim(issued, workload) {
      const known = holders.get(issued);
      if (known === undefined) holders.set(issued, new Set([workload]));
      else if (known.has(workload)) return false;
      else known.add(workload);
      return true;
    },
    record(issued, evidence) {
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
