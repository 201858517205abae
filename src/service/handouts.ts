import type { Clock } from '../core/clock.ts';
import { credentialId, purposeOf } from '../core/credential.ts';
import type { Issued } from '../core/credential.ts';
import { subjectOf } from '../core/events.ts';
import type { Events, Evidence } from '../core/events.ts';

/** Who was handed what: one audit record per credential and holder (invariant 11). */
export interface Handouts {
  /**
   * True once per credential and holder (a workload; for `exec`, a workload and its process): the
   * caller then owes the record. Cheap, asked on every request; of a thousand that are answered at
   * once, one looks at who is asking.
   */
  claim(issued: Issued, holder: string): boolean;
  /** Resolves when the record is written: before that nothing is handed out. */
  record(issued: Issued, evidence: Evidence): Promise<void>;
  heldBy(issued: Issued): readonly string[];
}

/** `written` resolves when the audit trail has taken what was emitted before. */
export function createHandouts(
  events: Events,
  clock: Clock,
  written: () => Promise<void>,
): Handouts {
  const holders = new WeakMap<Issued, Set<string>>();
  return {
    claim(issued, holder) {
      const known = holders.get(issued);
      if (known === undefined) holders.set(issued, new Set([holder]));
      else if (known.has(holder)) return false;
      else known.add(holder);
      return true;
    },
    async record(issued, evidence) {
      events.emit({
        type: 'issued',
        at: clock.now(),
        evidence,
        subject: subjectOf(issued.request),
        credentialId: credentialId(issued.credential),
        expiresAt: issued.credential.expiresAt,
        narrowed: issued.narrowed,
        ...purposeOf(issued.credential),
      });
      await written();
    },
    heldBy: (issued) => [...(holders.get(issued) ?? [])],
  };
}
