import type { Peer } from '../core/peer.ts';
import type { Workload } from './workload.ts';

/**
 * The one workload that a connection without a secret belongs to: by the listener it came in on and
 * the user the kernel names for the other end. An unknown user fits only a rule for anybody; two
 * fitting workloads are no answer. Pure.
 */
export function byListener(
  workloads: Iterable<Workload>,
  listener: string,
  peer: Peer | undefined,
): Workload | undefined {
  const fitting = [...workloads].filter(({ clients }) =>
    clients.some(
      (rule) =>
        rule.kind === 'listener' &&
        rule.listener === listener &&
        (rule.uid === undefined || (peer !== undefined && rule.uid === peer.uid)),
    ),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Does it make a difference at this listener which user asks? Pure. */
export function userMatters(workloads: Iterable<Workload>, listener: string): boolean {
  return [...workloads].some(({ clients }) =>
    clients.some(
      (rule) => rule.kind === 'listener' && rule.listener === listener && rule.uid !== undefined,
    ),
  );
}

/** The workload of a verified Kubernetes service account. Pure. */
export function bySubject(workloads: Iterable<Workload>, subject: string): Workload | undefined {
  for (const workload of workloads) {
    const fits = workload.clients.some(
      (rule) => rule.kind === 'service-account' && rule.subject === subject,
    );
    if (fits) return workload;
  }
  return undefined;
}

/** The one workload that is recognised by a challenge at a listener, and its user; two are no answer. Pure. */
export function ofListener(
  workloads: Iterable<Workload>,
  listener: string,
): { readonly workload: Workload; readonly uid: number } | undefined {
  const fitting = [...workloads].flatMap((workload) =>
    workload.clients.flatMap((rule) =>
      rule.kind === 'challenge' && rule.listener === listener ? [{ workload, uid: rule.uid }] : [],
    ),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** May a peer be able to read a file that `uid` alone may? One that the kernel does not tell may. Pure. */
export function mayRead(peer: Peer | undefined, uid: number): boolean {
  return peer === undefined || peer.uid === uid || peer.uid === 0;
}
