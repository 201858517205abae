import type { Config } from '../../config/schema.ts';
import type { ValetkeyError } from '../../core/errors.ts';
import type { StatusView } from '../../core/view.ts';
import type { EndpointFacts } from '../context.ts';

/** `note` is worth knowing, and may be as intended; `problem` keeps programs from what is granted. */
export type Verdict = 'ok' | 'note' | 'problem';

/** One thing that was looked at. Never a secret: of variables the names alone. */
export interface Finding {
  readonly about: string;
  readonly verdict: Verdict;
  readonly found: string;
  readonly means?: string;
  /** What mends it: a command where there is one. */
  readonly mend?: string;
}

/** What the checks look at: handed in, so that a test gives another machine. */
export interface Patient {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly node: string;
  readonly platform: NodeJS.Platform;
  /** This process's user; `undefined` where the system has no numbers for them. */
  readonly uid: number | undefined;
  /** Addresses of this machine's interfaces. */
  readonly addresses: readonly string[];
  /** The hosts file and its text; `undefined` where it cannot be read. */
  readonly hosts: { readonly path: string; readonly text: string | undefined };
  /** The configuration file, or what is wrong with it. */
  readonly config: Config | ValetkeyError;
  /** What the daemon says, or this process without one; or why nobody could. */
  readonly status: StatusView | ValetkeyError;
  readonly endpoints: readonly EndpointFacts[];
  readonly now: number;
}

/** Looks and changes nothing. A check that has nothing to look at returns nothing. */
export type Check = (patient: Patient) => readonly Finding[] | Promise<readonly Finding[]>;
