import { LRUCache } from 'lru-cache';

import type { IssueRequest } from '../core/credential.ts';
import type { Entry } from './entry.ts';
import { createTurns } from './turns.ts';

const MOST_CHOSEN = 256;
// Of one connector. Together fewer at once than renewals, which must go on beside them.
const SCOPES = { running: 8, waiting: 64 };
const AUDIENCES = { running: 16, waiting: 64 };

export type Table = LRUCache<string, Entry>;

/**
 * Where entries are kept, and how many of them may ask upstream. Scopes and audiences are a client's
 * choice: who thinks up many must not push out the rest. Most clients name the scopes of each access
 * token: those stand apart from a flood of audiences, too.
 */
export interface Tables {
  of(request: IssueRequest): Table;
  all(): readonly (readonly [key: string, entry: Entry, table: Table])[];
  /** Do as many of a client’s choices wait as may? Each is a connection, and counts upstream. */
  isCrowded(request: IssueRequest): boolean;
  /** Runs `work`; for a client's choice when it is its turn. */
  inTurn<T>(request: IssueRequest, work: () => Promise<T>): Promise<T>;
}

/** `capacity`: entries of what is granted, at most. */
export function createTables(capacity: number): Tables {
  const granted: Table = new LRUCache({ max: capacity });
  const chosen = {
    'access-token': {
      table: new LRUCache<string, Entry>({ max: MOST_CHOSEN }),
      turns: createTurns(SCOPES),
    },
    'id-token': {
      table: new LRUCache<string, Entry>({ max: MOST_CHOSEN }),
      turns: createTurns(AUDIENCES),
    },
  };
  const tables = [granted, ...Object.values(chosen).map(({ table }) => table)];
  return {
    of: ({ token }) => (token === undefined ? granted : chosen[token.kind].table),
    all: () =>
      tables.flatMap((table) =>
        [...table.entries()].map(([key, entry]) => [key, entry, table] as const),
      ),
    isCrowded: ({ connector, token }) =>
      token !== undefined && chosen[token.kind].turns.isFull(connector),
    inTurn: ({ connector, token }, work) =>
      token === undefined ? work() : chosen[token.kind].turns.take(connector, work),
  };
}
