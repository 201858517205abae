import type { Directory } from './directory.ts';
import type { Estate } from './estate.ts';
import type { Grants } from './grants.ts';
import type { Tokens } from './tokens.ts';

/** Everything the services look at. */
export interface World {
  readonly directory: Directory;
  readonly tokens: Tokens;
  readonly grants: Grants;
  readonly estate: Estate;
  /** The stand-in's own base URL, without a slash at the end. */
  url(): string;
}
