import type { Events } from '../core/events.ts';
import type { Peer } from '../core/peer.ts';
import type { Connection } from '../endpoints/contract.ts';
import type { RefusalLimit } from './refusal-limit.ts';

export type Report = (
  connection: Connection | undefined,
  endpoint: string | undefined,
  why: string,
  status: number,
) => void;

/** Tells telemetry of refusals, with who it was where the kernel tells, and no more often than `limit` lets. */
export function createReport(
  listener: string,
  limit: RefusalLimit,
  now: () => number,
  events: Pick<Events, 'emit'>,
): Report {
  return (connection, endpoint, why, status) => {
    const reportable = limit.report();
    if (reportable === undefined) return;
    const { unreported } = reportable;
    const at = now();
    const emit = (peer: Peer | undefined): void =>
      events.emit({
        type: 'refused',
        at,
        listener,
        endpoint,
        why: unreported === 0 ? why : `${why} (and ${unreported} more refusals)`,
        status,
        uid: peer?.uid,
        pid: peer?.pid,
      });
    if (connection === undefined) emit(undefined);
    else void connection.peer().then(emit, () => emit(undefined));
  };
}
