import type { AzureReply } from './reply.ts';
import type { AzureRequest } from './request.ts';

/** One visit; the operation fills in who came and what for, for the log. */
export interface Visit {
  /** ms since the epoch, by the stand-in's clock. */
  readonly now: number;
  principal?: string;
  scopes?: readonly string[];
  target?: string;
}

export interface Call {
  readonly request: AzureRequest;
  readonly visit: Visit;
  /** What the route's groups matched, percent-decoded; absent groups are empty. */
  readonly params: readonly string[];
}

export type ServiceName = 'entra' | 'arm' | 'blob' | 'identity';

/** One path of one service. Throws a Refusal. */
export interface Route {
  readonly service: ServiceName;
  readonly method: string;
  /** Matched against the encoded path, whole. */
  readonly path: RegExp;
  /** Faults, counters and the log go by `service:name`; asked before anything is verified. */
  name(request: AzureRequest): string;
  run(call: Call): AzureReply | Promise<AzureReply>;
}

export interface Match {
  readonly route: Route;
  readonly params: readonly string[];
}

/** The first route whose method and whole path fit; undefined also for a malformed escape. */
export function findRoute(routes: readonly Route[], request: AzureRequest): Match | undefined {
  for (const route of routes) {
    const found = request.method === route.method ? route.path.exec(request.path) : null;
    if (found === null) continue;
    try {
      const params = found
        .slice(1)
        .map((piece: string | undefined) => decodeURIComponent(piece ?? ''));
      return { route, params };
    } catch {
      return undefined;
    }
  }
  return undefined;
}
