/** What the load process is told to do, and what it answers. Plain data: it crosses a process border. */
export interface LoadOrder {
  readonly port: number;
  /** The bytes of the request. */
  readonly request: string;
  readonly status: number;
  /** Bytes of one answer. */
  readonly answerBytes: number;
  readonly requests: number;
  /** At a time. */
  readonly connections: number;
  /** A connection of its own for each request. */
  readonly fresh: boolean;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers of another status, or connections that broke. */
  readonly failed: number;
}
