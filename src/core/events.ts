import type { IssueRequest, ResourceRequest, TokenChoice } from './credential.ts';
import type { ErrorCode } from './errors.ts';

/** Who asked: the workload and what the connection proved about it. Unknown parts are absent. */
export interface Evidence {
  readonly workload: string;
  /** How the workload was recognised: `token`, `listener`, `uid`, `service-account`, `control`. */
  readonly by: string;
  readonly endpoint: string;
  readonly uid?: number | undefined;
  readonly pid?: number | undefined;
  readonly executable?: string | undefined;
}

/** The subject of an issue, in words that may be logged. */
export interface IssueSubject {
  readonly connector: string;
  readonly resources: readonly ResourceRequest[];
  /** The scopes or the audience that the client chose, where it chose. */
  readonly token?: TokenChoice | undefined;
}

/** What an issue request is about, for an event. */
export function subjectOf({ connector, resources, token }: IssueRequest): IssueSubject {
  return { connector, resources, ...(token === undefined ? {} : { token }) };
}

/** Everything telemetry hears. Never carries a secret. Times are ms since the epoch. */
export type Event =
  /** A credential was handed to a client for the first time (the audit trail's record). */
  | {
      readonly type: 'issued';
      readonly at: number;
      readonly evidence: Evidence;
      readonly subject: IssueSubject;
      readonly credentialId: string;
      readonly expiresAt: number;
      readonly narrowed: boolean;
      /** What a bearer token is good for. */
      readonly scopes?: readonly string[] | undefined;
      readonly audience?: string | undefined;
    }
  /** The broker obtained a credential from upstream: `renewal` tells a renewal from a first issue. */
  | {
      readonly type: 'obtained';
      readonly at: number;
      readonly subject: IssueSubject;
      readonly credentialId: string;
      readonly expiresAt: number;
      readonly renewal: boolean;
      readonly tookMs: number;
    }
  /** The broker asked upstream and failed. */
  | {
      readonly type: 'failed';
      readonly at: number;
      readonly subject: IssueSubject;
      readonly code: ErrorCode;
      readonly upstreamCode?: string | undefined;
      readonly cause?: unknown;
      /** ms until the next attempt. */
      readonly retryInMs: number;
      readonly servingUntil?: number | undefined;
    }
  /** A request was refused before or by an endpoint; `why` is for the log, the client sees less. */
  | {
      readonly type: 'refused';
      readonly at: number;
      readonly listener: string;
      readonly endpoint?: string | undefined;
      readonly why: string;
      readonly status: number;
      readonly uid?: number | undefined;
      readonly pid?: number | undefined;
    }
  /** Every answered request, for metrics. */
  | {
      readonly type: 'answered';
      readonly endpoint: string;
      readonly status: number;
    }
  /** Wall clock and monotonic clock disagreed by `byMs`: a step, or a sleep. */
  | { readonly type: 'clock-stepped'; readonly at: number; readonly byMs: number }
  | { readonly type: 'config-reloaded'; readonly at: number }
  | {
      readonly type: 'config-rejected';
      readonly at: number;
      readonly code: ErrorCode;
      readonly message: string;
    };

export type Listener = (event: Event) => void;

/** One daemon's events: emitters hold `emit`, telemetry subscribes; a listener's fault stops there. */
export interface Events {
  emit(event: Event): void;
  subscribe(listener: Listener): () => void;
}

export function createEvents(): Events {
  // An array that is replaced: emitting goes over it for every request.
  let listeners: readonly Listener[] = [];
  return {
    emit(event) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch {
          // Telemetry must never fail the request it reports on.
        }
      }
    },
    subscribe(listener) {
      listeners = [...listeners, listener];
      return () => void (listeners = listeners.filter((one) => one !== listener));
    },
  };
}
