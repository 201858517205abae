import { createFaults as createTable } from '../fault-table.ts';
import type { FaultRule as Rule, Faults as Table } from '../fault-table.ts';

/** What can go wrong on the way, instead of or around the normal answer. */
export type Fault =
  /** The connection is reset after the request was read. */
  | { readonly kind: 'reset' }
  /** No answer until the client gives up or the stand-in stops. */
  | { readonly kind: 'hang' }
  /** The normal answer, later. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** "Too many requests", in the service's own words. */
  | { readonly kind: 'throttle' }
  /** An error in the service's own shape. */
  | { readonly kind: 'error'; readonly status: number; readonly code: string }
  /** 200 and a body that is no protocol at all, as from a captive portal. */
  | { readonly kind: 'garbage' }
  /** AWS's clock and the caller's differ: the request is judged, and dated, by a clock this far off. */
  | { readonly kind: 'clock-skew'; readonly milliseconds: number };

export type FaultRule = Rule<Fault>;
export type Faults = Table<Fault>;
export const createFaults = createTable<Fault>;
