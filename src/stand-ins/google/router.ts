import { apiRefusal } from './refusal.ts';
import type { GoogleRequest } from './request.ts';
import type { Route } from './service.ts';

export interface Match {
  readonly route: Route;
  /** Percent-decoded; throws a refusal when a piece is malformed. */
  params(): readonly string[];
}

/** The first route whose method and whole path fit. */
export function findRoute(routes: readonly Route[], request: GoogleRequest): Match | undefined {
  for (const route of routes) {
    const found = request.method === route.method ? route.path.exec(request.path) : null;
    if (found !== null) return { route, params: () => found.slice(1).map(decode) };
  }
  return undefined;
}

function decode(piece: string): string {
  try {
    return decodeURIComponent(piece);
  } catch {
    throw apiRefusal(400, 'INVALID_ARGUMENT', 'Malformed escape in the path.');
  }
}
