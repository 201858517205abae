import type { Refusal } from './refusal.ts';
import type { GoogleReply } from './reply.ts';
import type { GoogleRequest } from './request.ts';

/** One visit; the operation fills in who came and what for, for the log. */
export interface Visit {
  /** ms since the epoch, by the stand-in's clock. */
  readonly now: number;
  principal?: string;
  scopes?: readonly string[];
  target?: string;
}

export interface Call {
  readonly request: GoogleRequest;
  readonly visit: Visit;
  /** What the route's groups matched, percent-decoded. */
  readonly params: readonly string[];
}

export type ServiceName = 'oauth2' | 'sts' | 'iamcredentials' | 'storage' | 'subject';

/** One path of one service. Throws a Refusal. */
export interface Route {
  readonly service: ServiceName;
  readonly method: string;
  /** Matched against the encoded path, whole. */
  readonly path: RegExp;
  /** Faults, counters and the log go by `service:name`; asked before anything is verified. */
  name(request: GoogleRequest): string;
  /** How this route words a refusal, where it is no JSON. */
  render?(refusal: Refusal): GoogleReply;
  run(call: Call): GoogleReply | Promise<GoogleReply>;
}
