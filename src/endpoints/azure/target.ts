import { normalPath } from '../path.ts';
import { type Failure, invalid, NOT_FOUND } from './failure.ts';

/** Of a target: the path as routes know it, first segment in lower case, and the query without its `?`. */
export interface Target {
  readonly path: string;
  readonly query: string;
}

export function splitTarget(target: string): Target {
  const mark = target.indexOf('?');
  const path = normalPath(target);
  const end = path.indexOf('/', 1);
  const first = end === -1 ? path : path.slice(0, end);
  return {
    // The real service looks at the case of the rest alone.
    path: first.toLowerCase() + path.slice(first.length),
    query: mark === -1 ? '' : target.slice(mark + 1),
  };
}

const PLAIN = /^[\w\-./]*$/;

const MALFORMED = invalid('the path has a character that no path here has');

/**
 * What is told of an unknown path. One that another reader might decode into a known one is refused
 * as such: a backslash once went past a check like this (CVE-2022-23551).
 */
export function unknownPath(path: string): Failure {
  return PLAIN.test(path) ? NOT_FOUND : MALFORMED;
}
