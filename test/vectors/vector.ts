import type { World } from '../support/endpoint-world.ts';

/** One line of a protocol's conformance table: a request and what must come back. */
export interface Vector {
  /** Rows of the checklist in the protocol's reference ("AWS credential endpoints", section 8; "Google metadata server", section 6; "Azure managed-identity endpoints", section 7) this line is about. */
  readonly row: number | readonly number[];
  readonly name: string;
  /** What the world is like. */
  readonly given?: (world: World) => void | Promise<void>;
  /** `PUT /latest/api/token`; `{token}` and `{secret}` are filled in, also in headers. */
  readonly request: string;
  /** Names and values as sent; a value of several is sent several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** What follows the headers; its length is told. */
  readonly body?: string;
  readonly expect: Expectation;
  /** `socket`: decided by the parser or the guard, so there is nothing to ask without one. */
  readonly over?: 'socket';
  /** Where the reference's row is not what can or should be: what is expected instead, and why. */
  readonly corrected?: string;
}

export interface Expectation {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | RegExp>>;
  readonly body?: string | RegExp;
  /** Fields of a JSON body, by equality or pattern. */
  readonly json?: Readonly<Record<string, unknown>> | undefined;
  /** Claims of a body that is a JWT and nothing else. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** All the fields there are. */
  readonly fields?: readonly string[];
  /** What the log is told. */
  readonly told?: RegExp;
}
